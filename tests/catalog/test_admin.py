from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from flagstone.catalog import actions
from flagstone.catalog.models import Entity, Location, Relation
from tests.catalog.conftest import Folder, group, service


@pytest.fixture
def site(client: Any, admin_user: Any, folder: Folder) -> Any:
    folder.put(service(), group("payments"), service("my service"))
    client.force_login(admin_user)
    return client


@pytest.mark.parametrize("model", ["location", "entity", "relation"])
def test_lists_and_pages_are_shown_and_nothing_can_be_typed(site: Any, model: str) -> None:
    listing = site.get(reverse(f"admin:catalog_{model}_changelist"))
    row = {"location": Location, "entity": Entity, "relation": Relation}[model].objects.first()
    page = site.get(reverse(f"admin:catalog_{model}_change", args=[row.pk]))
    added = site.get(reverse(f"admin:catalog_{model}_add"))

    assert (listing.status_code, page.status_code, added.status_code) == (200, 200, 403)


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
