"""The doctor's pull requests that were recorded before they were told from people's."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from flagstone.forge.models import PullRequest
from flagstone.forge.probes import PROBE_TITLE, new_probe_branch


@pytest.mark.parametrize(
    ("otherwise", "is_kept"),
    [
        ({}, False),
        ({"state": "merged"}, True),
        ({"title": "Add checkout"}, True),
        ({"source_branch": "flagstone/doctor-checkout"}, True),
    ],
)
def test_earlier_rows_of_probes_are_forgotten_and_no_others(
    opened: PullRequest, otherwise: dict[str, str], is_kept: bool
) -> None:
    probe = {"title": PROBE_TITLE, "source_branch": new_probe_branch(), "state": "closed"}
    PullRequest.objects.update(**probe | otherwise)
    migration = import_module("flagstone.forge.migrations.0009_forget_probes")
    migration.forget_probes(apps, None)
    assert PullRequest.objects.filter(pk=opened.pk).exists() is is_kept
