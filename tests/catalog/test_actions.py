from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flagstone.catalog import actions
from flagstone.catalog.errors import LocationInvalid, LocationTaken
from flagstone.catalog.models import Entity, Location, LocationState, LocationType
from flagstone.core.errors import Forbidden
from flagstone.core.models import AuditEntry
from tests.catalog.conftest import Folder, dump, group, service
from tests.catalog.repositories import Remote, make_remote


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The locations that were to be ingested after commit, without a worker."""
    ids: list[int] = []
    monkeypatch.setattr(actions.ingest_location, "delay_on_commit", ids.append)
    return ids


@pytest.fixture
def remote(db: None, settings: Any, tmp_path: Path) -> Remote:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    files = {"services/a/catalog-info.yaml": dump(service("a"), service("my service"))}
    return make_remote(settings.FLAGSTONE_LOCAL_HOST_ROOT, scratch, files)


def test_a_location_in_a_repository_is_registered_and_read_after_commit(
    admin_user: Any, remote: Remote, enqueued: list[int]
) -> None:
    location = actions.register_location(
        actor=admin_user, repository=remote.repository, path=" /services/./*/catalog-info.yaml "
    )

    assert (location.type, location.path) == (LocationType.GIT, "services/*/catalog-info.yaml")
    assert (location.state, location.registered_by) == (LocationState.WAITING, admin_user)
    assert str(location) == "acme/gitops: services/*/catalog-info.yaml"
    assert enqueued == [location.pk]
    entry = AuditEntry.objects.get(action="catalog.location_registered")
    assert (entry.actor, entry.subject) == ("ada", f"location:{location.pk}")
    assert entry.data == {"type": "git", "place": "acme/gitops: services/*/catalog-info.yaml"}


def test_without_a_path_it_is_the_file_at_the_root(
    admin_user: Any, remote: Remote, enqueued: list[int]
) -> None:
    location = actions.register_location(actor=admin_user, repository=remote.repository)

    assert location.path == "catalog-info.yaml"


def test_flagstone_itself_may_register(remote: Remote, enqueued: list[int]) -> None:
    location = actions.register_location(actor=None, repository=remote.repository)

    assert location.registered_by is None
    assert AuditEntry.objects.get(action="catalog.location_registered").actor == "flagstone"


def test_a_folder_on_disk_is_registered(
    admin_user: Any, make_folder: Any, enqueued: list[int]
) -> None:
    folder: Folder = make_folder("own")
    folder.location.delete()

    location = actions.register_location(actor=admin_user, path=str(folder.root))

    assert (location.type, location.path, location.repository) == ("file", str(folder.root), None)


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "services/../../x",
        "",
        ".",
        "https://example.com/x",
        "a\\b",
        "a\nb",
        "file:///etc/passwd",
        "x" * 501,
    ],
)
def test_a_path_that_leads_out_of_the_repository_is_refused(
    admin_user: Any, remote: Remote, enqueued: list[int], path: str
) -> None:
    with pytest.raises(LocationInvalid):
        actions.register_location(actor=admin_user, repository=remote.repository, path=path)

    assert not Location.objects.exists()
    assert enqueued == []
    assert not AuditEntry.objects.filter(action="catalog.location_registered").exists()


@pytest.mark.parametrize("path", ["/etc/passwd", "relative", "/", "", "/a\0b", "/" + "x" * 500])
def test_a_path_on_disk_that_is_not_allowed_is_refused(
    admin_user: Any, make_folder: Any, enqueued: list[int], path: str
) -> None:
    make_folder("own").location.delete()

    with pytest.raises(LocationInvalid) as caught:
        actions.register_location(actor=admin_user, path=path)

    assert caught.value.code == "catalog.location_invalid"
    assert not Location.objects.exists()


def test_the_same_place_twice_is_refused(
    admin_user: Any, remote: Remote, enqueued: list[int]
) -> None:
    actions.register_location(actor=admin_user, repository=remote.repository, path="a.yaml")

    with pytest.raises(LocationTaken) as caught:
        actions.register_location(actor=admin_user, repository=remote.repository, path="./a.yaml")

    assert str(caught.value) == (
        "acme/gitops: a.yaml is registered already. To have it read again, refresh it."
    )
    assert Location.objects.count() == 1
    assert len(enqueued) == 1
    assert AuditEntry.objects.filter(action="catalog.location_registered").count() == 1


@pytest.mark.parametrize("person", ["lead", "member", "stranger"])
def test_only_the_platform_team_registers_and_takes_out(
    request: pytest.FixtureRequest, person: str, remote: Remote, folder: Folder, enqueued: list[int]
) -> None:
    actor = request.getfixturevalue(person)

    with pytest.raises(Forbidden):
        actions.register_location(actor=actor, repository=remote.repository)
    with pytest.raises(Forbidden):
        actions.preview_location(actor=actor, repository=remote.repository)
    with pytest.raises(Forbidden):
        actions.unregister_location(actor=actor, location=folder.location)

    assert list(Location.objects.all()) == [folder.location]
    assert enqueued == []
    assert not AuditEntry.objects.filter(action__startswith="catalog.").exists()


def test_a_preview_tells_what_would_come_and_stores_nothing(
    admin_user: Any, remote: Remote, folder: Folder, enqueued: list[int]
) -> None:
    folder.put(service("A"))

    preview = actions.preview_location(
        actor=admin_user, repository=remote.repository, path="services/*/catalog-info.yaml"
    )

    (found,) = preview.entities
    assert (found.ref, found.kind, found.name, found.path, found.line) == (
        "component:default/a",
        "Component",
        "a",
        "services/a/catalog-info.yaml",
        1,
    )
    assert found.holder is not None
    assert found.holder.location == folder.location
    assert [(p.code, p.line) for p in preview.problems] == [("catalog.field_invalid", 13)]
    assert Entity.objects.count() == 1
    assert Location.objects.count() == 1
    assert enqueued == []


def test_a_preview_of_nothing_says_so(admin_user: Any, remote: Remote) -> None:
    preview = actions.preview_location(actor=admin_user, repository=remote.repository)

    assert preview.entities == []
    assert [p.message for p in preview.problems] == ["There is no file catalog-info.yaml."]


def test_a_member_has_a_location_read_again(
    member: Any, folder: Folder, enqueued: list[int]
) -> None:
    actions.refresh_location(actor=member, location=folder.location)

    assert enqueued == [folder.location.pk]
    assert AuditEntry.objects.get(action="catalog.location_refreshed").actor == "mia"


def test_a_viewer_does_not(stranger: Any, folder: Folder, enqueued: list[int]) -> None:
    with pytest.raises(Forbidden):
        actions.refresh_location(actor=stranger, location=folder.location)

    assert enqueued == []


def test_taken_out_a_location_goes_with_its_entities(
    admin_user: Any,
    make_folder: Any,
    heard: Any,
    enqueued: list[int],
    django_capture_on_commit_callbacks: Any,
) -> None:
    folder, other = make_folder("own"), make_folder("other")
    folder.put(service("a"), group("payments"))
    other.put(service("b"))
    key, place = folder.location.pk, str(folder.location)

    with django_capture_on_commit_callbacks(execute=True):
        count = actions.unregister_location(actor=admin_user, location=folder.location)

    gone = ["component:default/a", "group:default/payments"]
    assert count == 2
    assert list(Entity.objects.values_list("ref", flat=True)) == ["component:default/b"]
    assert list(Location.objects.all()) == [other.location]
    assert heard == {"changed": [gone], "freed": [gone]}
    entry = AuditEntry.objects.get(action="catalog.location_unregistered")
    assert (entry.subject, entry.data) == (f"location:{key}", {"place": place, "entities": 2})


def test_a_location_whose_folder_went_can_still_be_taken_out(
    admin_user: Any, folder: Folder, enqueued: list[int]
) -> None:
    folder.put(service())
    folder.root.rename(folder.root.with_name("gone"))

    with pytest.raises(LocationInvalid):
        actions.preview_location(actor=admin_user, path=str(folder.root))
    assert actions.unregister_location(actor=admin_user, location=folder.location) == 1
