from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flagstone.catalog import receivers, signals
from flagstone.catalog.models import Location, LocationType
from flagstone.forge.signals import repository_updated
from tests.catalog.conftest import service
from tests.catalog.repositories import make_remote


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    ids: list[int] = []
    monkeypatch.setattr(receivers.ingest_location, "delay_on_commit", ids.append)
    return ids


def test_when_a_default_branch_moves_its_locations_are_read(
    db: None, settings: Any, tmp_path: Path, enqueued: list[int]
) -> None:
    root = settings.FLAGSTONE_LOCAL_HOST_ROOT
    one = make_remote(root, tmp_path, {"a": "a"}, "acme/one").repository
    other = make_remote(root, tmp_path, {"a": "a"}, "acme/other").repository
    mine = [
        Location.objects.create(type=LocationType.GIT, repository=one, path=path).pk
        for path in ("a.yaml", "b.yaml")
    ]
    Location.objects.create(type=LocationType.GIT, repository=other, path="a.yaml")

    repository_updated.send(sender=None, repository_id=one.pk, branch="main", commit="1" * 40)

    assert sorted(enqueued) == sorted(mine)


def test_another_branch_concerns_nobody(
    db: None, settings: Any, tmp_path: Path, enqueued: list[int]
) -> None:
    made = make_remote(settings.FLAGSTONE_LOCAL_HOST_ROOT, tmp_path, {"a": "a"})
    Location.objects.create(type=LocationType.GIT, repository=made.repository, path="a.yaml")

    repository_updated.send(
        sender=None, repository_id=made.repository.pk, branch="topic", commit="1" * 40
    )

    assert enqueued == []


def test_a_name_that_became_free_goes_to_who_was_refused_it(
    make_folder: Any, enqueued: list[int]
) -> None:
    first, second, third = (make_folder(name) for name in ("first", "second", "third"))
    first.put(service("checkout"))
    second.put(service("Checkout"))
    third.put(service("quote"))

    signals.names_freed.send(
        sender=None, refs=["component:default/checkout", "component:default/x"]
    )

    assert enqueued == [second.location.pk]
