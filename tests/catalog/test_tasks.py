from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from flagstone.catalog import tasks
from flagstone.catalog.models import Entity, Location
from tests.catalog.conftest import Folder, service


def test_a_location_is_ingested(folder: Folder) -> None:
    folder.write("catalog-info.yaml", service())

    tasks.ingest_location(folder.location.pk, something_of_a_later_version=1)

    assert Entity.objects.get().ref == "component:default/checkout"


def test_the_locations_that_are_due_are_enqueued_once(
    make_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids: list[int] = []
    monkeypatch.setattr(tasks.ingest_location, "delay_on_commit", ids.append)
    due, fresh = make_folder("due").location, make_folder("fresh").location
    Location.objects.filter(pk=fresh.pk).update(tried_at=timezone.now())

    tasks.refresh_due_locations()
    tasks.refresh_due_locations()

    assert ids == [due.pk]


def test_old_orphans_are_removed(folder: Folder) -> None:
    folder.put(service("a"), service("b"))
    folder.put(service("b"))
    Entity.objects.filter(name="a").update(orphaned_at=timezone.now() - timedelta(days=30))

    tasks.remove_orphans()

    assert [e.name for e in Entity.objects.all()] == ["b"]
