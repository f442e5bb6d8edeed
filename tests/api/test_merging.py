"""Merging for programs: what was looked at, by somebody else than its author, and against a stop only by saying so."""

# ruff: noqa: F811 - the fixtures of another folder
from __future__ import annotations

import pytest
from django.utils import timezone

from flagstone.core.models import AuditEntry
from flagstone.forge import pipeline
from flagstone.forge.models import PullRequest
from flagstone.gate.models import PullRequestVerdict
from tests.delivery.conftest import bad, bare, enqueued, gitops, root  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pull(gitops, member):
    change = pipeline.record_change(
        requested_by=member,
        repository=gitops,
        title="Raise the limit",
        body="Why.",
        files={"README.md": b"3\n"},
        source="test:1",
    )
    return pipeline.ship(change.pk)


def test_against_a_stop_it_is_merged_by_saying_so(client_of, lead, pull):
    PullRequestVerdict.objects.create(
        pull_request=pull,
        asked="x",
        head_commit=pull.head_commit,
        decision="stop",
        reasons=[],
        judged_at=timezone.now(),
    )
    address, client = f"/api/v1/pull-requests/{pull.pk}/merge", client_of(lead, "write")
    asked = {"expected_head": pull.head_commit}
    refused = client.post(address, asked, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "gate.stops")
    assert PullRequest.objects.get().state == "open"
    merged = client.post(address, asked | {"despite_stop": True}, format="json")
    assert (merged.status_code, merged.json()["state"]) == (200, "merged")
    assert AuditEntry.objects.get(action="gate.stop_overruled").actor == "leo"


def test_nobody_merges_their_own_unseen(client_of, member, pull):
    asked = {"expected_head": pull.head_commit}
    address = f"/api/v1/pull-requests/{pull.pk}/merge"
    refused = client_of(member, "write").post(address, asked, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "forge.four_eyes")
    assert PullRequest.objects.get().state == "open"
