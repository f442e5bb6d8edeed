from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from flagstone.catalog.models import Entity, Location, LocationType
from tests.catalog.conftest import Folder, person, service
from tests.catalog.engine.samples import entity
from tests.catalog.repositories import make_remote


def test_the_database_keeps_one_entity_per_name(folder: Folder, get: Any) -> None:
    folder.put(service())
    twin = get("checkout")
    twin.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


@pytest.mark.parametrize("path", ["/srv/a"])
def test_the_database_keeps_one_location_per_place(db: None, path: str) -> None:
    Location.objects.create(type=LocationType.FILE, path=path)

    with pytest.raises(IntegrityError), transaction.atomic():
        Location.objects.create(type=LocationType.FILE, path=path)


def test_only_a_location_in_git_has_a_repository(db: None, settings: Any, tmp_path: Any) -> None:
    made = make_remote(settings.FLAGSTONE_LOCAL_HOST_ROOT, tmp_path, {"a": "a"}).repository

    for fields in ({"type": "git"}, {"type": "file", "repository": made}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Location.objects.create(path="a", **fields)
    assert str(Location.objects.create(type="git", repository=made, path="a")) == "acme/gitops: a"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (service("a"), "a"),
        (service("a", metadata__title="The A"), "The A"),
        (person("mia", spec__profile={"displayName": "Mia Wong"}), "Mia Wong"),
        (person("mia", spec__profile={}), "mia"),
        (service("a", spec__profile={"displayName": "No"}), "a"),
        (entity("Thing", metadata__name="t", spec={"a": 1}), "t"),
    ],
)
def test_people_see_the_title_or_the_name(folder: Folder, raw: dict[str, Any], name: str) -> None:
    folder.put(raw)

    assert Entity.objects.get().display_name == name


def test_an_entity_gives_its_document_back(folder: Folder) -> None:
    raw = {
        "apiVersion": "acme.io/v1",
        "kind": "Thing",
        "metadata": {"name": "T", "namespace": "eu", "x": {"y": 1}},
    }
    folder.put(raw)

    found = Entity.objects.get()

    assert found.document == raw
    assert (str(found), found.entity_ref.canonical, found.is_service) == (
        "thing:eu/t",
        "thing:eu/t",
        False,
    )


def test_a_location_whose_repository_moved_on_is_due_sooner(
    db: None, settings: Any, tmp_path: Any
) -> None:
    now = timezone.now()
    made = make_remote(settings.FLAGSTONE_LOCAL_HOST_ROOT, tmp_path, {"a": "a"}).repository
    location = Location.objects.create(type="git", repository=made, path="a", commit="1" * 40)

    def due(head: str, seconds: int) -> bool:
        made.head_commit = head
        made.save(update_fields=["head_commit"])
        Location.objects.update(tried_at=now - timedelta(seconds=seconds))
        return Location.objects.due(now).filter(pk=location.pk).exists()

    assert due("2" * 40, 61)
    assert not due("2" * 40, 59)
    assert not due("1" * 40, 61)
    assert not due("", 61)
    assert due("1" * 40, 901)
