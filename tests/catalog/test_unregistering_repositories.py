"""A repository is given another role, or let go with what the catalogue reads in it, in the admin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from flagstone.accounts.models import User
from flagstone.catalog import actions, pipeline
from flagstone.catalog.models import Entity, Location
from flagstone.core.errors import Conflict, Forbidden
from flagstone.core.models import AuditEntry
from flagstone.forge import actions as forge
from flagstone.forge.models import ChangeRequest, PullRequest, Repository
from flagstone.forge.pipeline import sync_repository
from tests.catalog.conftest import dump, service


@pytest.fixture
def repository(admin_user: User, settings: Any, tmp_path: Path) -> Repository:
    settings.FLAGSTONE_LOCAL_HOST_ROOT = str(tmp_path / "repositories")
    host = forge.register_code_host(actor=admin_user, name="local")
    content = dump(service("checkout"), service("basket")).encode()
    made = forge.create_repository(
        actor=admin_user, host=host, full_name="acme/shop", files={"catalog-info.yaml": content}
    )
    location = actions.register_location(actor=admin_user, repository=made)
    pipeline.ingest(location.pk)
    return made


@pytest.fixture
def admin(client: Any, admin_user: User) -> Any:
    client.force_login(admin_user)
    return client


def page_of(repository: Repository) -> str:
    return reverse("admin:forge_repository_change", args=[repository.pk])


def unregistering(repository: Repository) -> str:
    return f"/admin/forge/repository/{repository.pk}/unregister/"


def change_in(repository: Repository, actor: User, state: str) -> ChangeRequest:
    change = forge.request_change(
        actor=actor, repository=repository, title="Add a README", body="", files={"README.md": b"x"},
        source="test",
    )  # fmt: skip
    ChangeRequest.objects.update(state=state)
    return change


def test_the_role_is_changed_in_the_admin_and_others_look_again(
    admin: Any, repository: Repository, django_capture_on_commit_callbacks: Any
) -> None:
    from flagstone.forge.signals import repository_updated

    heard: list[dict[str, Any]] = []

    def listen(sender: Any, signal: Any, **values: Any) -> None:
        heard.append(values)

    repository_updated.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            answer = admin.post(page_of(repository), {"role": "gitops"})
    finally:
        repository_updated.disconnect(listen)
    before, head = repository.full_name, repository.head_commit
    repository.refresh_from_db()
    assert (answer.status_code, repository.role, repository.full_name) == (302, "gitops", before)
    assert heard == [{"repository_id": repository.pk, "branch": "main", "commit": head}]
    entry = AuditEntry.objects.get(action="forge.repository_role_changed")
    assert (entry.subject, entry.data) == (
        "repository:acme/shop", {"host": "local", "from": "service", "to": "gitops"},
    )  # fmt: skip


def test_a_repository_is_let_go_with_all_that_was_read_from_it(
    admin: Any, repository: Repository, admin_user: User
) -> None:
    change_in(repository, admin_user, "closed")
    asked = admin.get(unregistering(repository)).content.decode()
    assert "2 entities read from its catalog-info.yaml will be taken out of the catalogue." in asked
    assert "What is recorded of 0 pull requests, and 1 change that Flagstone shipped" in asked
    assert (Repository.objects.count(), Entity.objects.count()) == (1, 2)

    answer = admin.post(unregistering(repository), {"confirmed": "yes"}, follow=True)

    assert "acme/shop is unregistered." in answer.content.decode()
    for model in (Repository, Location, Entity, ChangeRequest, PullRequest):
        assert not model.objects.exists()
    told = AuditEntry.objects.filter(action__endswith="unregistered").order_by("sequence")
    assert [entry.action for entry in told] == [
        "catalog.location_unregistered", "forge.repository_unregistered",
    ]  # fmt: skip
    assert told[1].data == {
        "host": "local", "role": "service", "head": repository.head_commit, "pull_requests": 0,
        "changes": 1,
    }  # fmt: skip
    # a look that was asked for before finds nothing to do
    assert sync_repository(repository.pk) is None


@pytest.mark.parametrize("state", ["requested", "opened"])
def test_one_with_changes_under_way_stays_whole(
    admin: Any, repository: Repository, admin_user: User, state: str
) -> None:
    change_in(repository, admin_user, state)
    words = "Changes are under way in acme/shop: Add a README. Merge or close their pull requests first."
    assert words in admin.get(unregistering(repository)).content.decode()
    answer = admin.post(unregistering(repository), {"confirmed": "yes"}, follow=True)
    assert words in answer.content.decode()
    assert answer.redirect_chain == [(page_of(repository), 302)]
    assert (Repository.objects.count(), Location.objects.count(), Entity.objects.count()) == (
        1, 1, 2,
    )  # fmt: skip


def test_what_records_hang_on_stays(repository: Repository, admin_user: User) -> None:
    """Of the forge alone the locations are such records."""
    with pytest.raises(Conflict, match="acme/shop is part of the record of 1 location, which is"):
        forge.unregister_repository(actor=admin_user, repository=repository)


def test_only_the_platform_team_may(repository: Repository, member: User) -> None:
    with pytest.raises(Forbidden):
        forge.change_repository_role(actor=member, repository=repository, role="gitops")
    with pytest.raises(Forbidden):
        actions.unregister_repository(actor=member, repository=repository)
    assert Location.objects.exists()
