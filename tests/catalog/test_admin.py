from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from flagstone.catalog import actions
from flagstone.catalog.models import Entity, Location, Relation
from tests.catalog.conftest import Folder, group, service
from tests.catalog.repositories import make_remote


@pytest.fixture
def site(client: Any, admin_user: Any, folder: Folder) -> Any:
    folder.put(service(), group("payments"), service("my service"))
    client.force_login(admin_user)
    return client


@pytest.mark.parametrize("model", ["location", "entity", "relation"])
def test_lists_and_pages_are_shown_and_only_locations_can_be_added(site: Any, model: str) -> None:
    listing = site.get(reverse(f"admin:catalog_{model}_changelist"))
    row = {"location": Location, "entity": Entity, "relation": Relation}[model].objects.first()
    page = site.get(reverse(f"admin:catalog_{model}_change", args=[row.pk]))
    added = site.get(reverse(f"admin:catalog_{model}_add"))

    assert (listing.status_code, page.status_code, added.status_code) == (
        200,
        200,
        200 if model == "location" else 403,
    )


def test_a_location_shows_how_much_it_holds(site: Any) -> None:
    content = site.get(reverse("admin:catalog_location_changelist")).content.decode()

    assert '<td class="field-holds' in content or "field-holds" in content


def run(site: Any, action: str, location: Location) -> Any:
    data = {"action": action, "_selected_action": [location.pk]}
    return site.post(reverse("admin:catalog_location_changelist"), data, follow=True)


def test_locations_can_be_read_again_from_the_list(
    site: Any, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids: list[int] = []
    monkeypatch.setattr(actions.ingest_location, "delay_on_commit", ids.append)

    answer = run(site, "refresh", folder.location)

    assert ids == [folder.location.pk]
    assert "1 will be read again." in answer.content.decode()


def test_locations_can_be_taken_out_from_the_list(
    site: Any, folder: Folder, audit_actions: Any
) -> None:
    answer = run(site, "unregister", folder.location)

    assert "was taken out with 2 entities." in answer.content.decode()
    assert not Entity.objects.exists()
    assert audit_actions()[-1] == "catalog.location_unregistered"


def test_a_location_is_registered_through_the_action(
    site: Any, tmp_path: Path, settings: Any, audit_actions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids: list[int] = []
    monkeypatch.setattr(actions.ingest_location, "delay_on_commit", ids.append)
    remote = make_remote(settings.FLAGSTONE_LOCAL_HOST_ROOT, tmp_path, {"README.md": "hello\n"})
    data = {"repository": remote.repository.pk, "path": "services/*/catalog-info.yaml"}

    answer = site.post(reverse("admin:catalog_location_add"), data)

    row = Location.objects.get(repository=remote.repository)
    assert (answer.status_code, row.type, row.path) == (302, "git", data["path"])
    assert (row.registered_by.username, ids) == ("ada", [row.pk])
    assert audit_actions()[-1] == "catalog.location_registered"

    again = site.post(reverse("admin:catalog_location_add"), data)

    assert "is registered already" in again.content.decode()
    assert Location.objects.filter(repository=remote.repository).count() == 1


def test_a_path_that_cannot_be_read_is_told_on_the_form(site: Any) -> None:
    answer = site.post(reverse("admin:catalog_location_add"), {"path": "/etc"})

    (told,) = answer.context["adminform"].form.non_field_errors()
    assert (answer.status_code, Location.objects.count()) == (200, 1)
    assert told.startswith('"/etc" cannot be registered: ')


@pytest.mark.parametrize(("is_staff", "status"), [(True, 403), (False, 302)])
def test_only_the_platform_team_adds(
    client: Any, make_user: Any, folder: Folder, is_staff: bool, status: int
) -> None:
    client.force_login(make_user("mo", role="member", is_staff=is_staff))
    data = {"path": str(folder.root / "catalog-info.yaml")}

    answer = client.post(reverse("admin:catalog_location_add"), data)

    assert (answer.status_code, Location.objects.count()) == (status, 1)
