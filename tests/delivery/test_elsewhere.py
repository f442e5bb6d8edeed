"""A rollback at code hosts elsewhere, each a stand-in held to its own description."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from flagstone.forge.hosts.base import CommitStatus, StatusState
from flagstone.forge.models import RepositoryRole
from tests.delivery.services import service_of
from tests.forge.repositories import files_at, git, push_by_hand

if TYPE_CHECKING:
    from flagstone.accounts.models import User
    from flagstone.catalog.models import Entity
    from tests.forge.remote.worlds import World

pytestmark = pytest.mark.django_db(transaction=True)
X = "services/a/x.yaml"


@pytest.fixture(params=["github", "gitea", "gitlab", "pagure"])
def far(
    request: pytest.FixtureRequest, db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A GitOps repository on a code host of each kind; its last change broke the service `a`."""
    from tests.forge.remote.worlds import world

    with world(request.param, tmp_path / "far", monkeypatch) as made:
        push_by_hand(made.bare, tmp_path, {X: "x: broken\n", "README.md": "2\n"}, message="Release")
        made.repository.role = RepositoryRole.GITOPS
        made.repository.save()
        yield made


@pytest.fixture
def service(far: World) -> Entity:
    return service_of(far.repository, "a")


def test_it_is_opened_merged_and_healthy_when_argo_cd_says_so_there(
    far: World, service: Entity, lead: User
) -> None:
    from flagstone.delivery import actions, pipeline
    from flagstone.delivery.models import Rollback

    rollback = actions.request_rollback(actor=lead, service=service, reason="It answers 500.")
    pipeline.carry_out(rollback.pk)
    merged = Rollback.objects.get()
    assert (merged.state, merged.note) == ("merged", "")
    [pull] = far.pulls()
    assert pull.title == 'Revert "Release"'
    assert pull.merge == merged.merge_commit
    if far.kind.labels:
        assert pull.labels == ("rollback",)
    assert files_at(far.bare, "main") | {"README.md": ""} == {"README.md": "", X: "x: 1\n"}
    assert files_at(far.bare, "main")["README.md"] == "2\n"
    at = timezone.now() + timedelta(seconds=1)
    good = CommitStatus("argocd/a", StatusState.SUCCESS, "Healthy", at, "https://argo.example/a")
    far.forge.set_commit_status(far.repository.full_name, merged.merge_commit, good)
    pipeline.carry_out(rollback.pk)
    healthy = Rollback.objects.get()
    assert (healthy.state, healthy.health_source) == ("healthy", "argocd/a")
    # whatever the clock there shows
    assert healthy.took
    assert timedelta() <= healthy.took < timedelta(minutes=5)


def test_a_member_s_own_rollback_waits_for_an_approval_there(
    far: World, service: Entity, member: User
) -> None:
    from flagstone.delivery import actions, pipeline
    from flagstone.delivery.models import Rollback

    rollback = actions.request_rollback(actor=member, service=service, reason="It answers 500.")
    pipeline.carry_out(rollback.pk)
    waiting: Any = Rollback.objects.get()
    assert (waiting.state, waiting.note_code) == ("open", "delivery.needs_approval")
    assert waiting.note == (
        f"Waits for an approval at {far.host.name} by somebody other than mia; then it is merged by itself."
    )
    assert files_at(far.bare, "main")[X] == "x: broken\n"


@pytest.mark.parametrize("far", ["github", "gitea"], indirect=True)
def test_a_repository_that_allows_no_merge_commit_gets_one_commit(
    far: World, service: Entity, lead: User
) -> None:
    from flagstone.delivery import actions, pipeline
    from flagstone.delivery.models import Rollback
    from tests.http_server import Fault, Reply

    refusal = Reply(405, {"message": "Merge commits are not allowed on this repository."})
    far.server.faults.append(Fault("/merge", reply=refusal))
    rollback = actions.request_rollback(actor=lead, service=service, reason="It answers 500.")
    pipeline.carry_out(rollback.pk)
    merged = Rollback.objects.get()
    assert (merged.state, merged.note) == ("merged", "")
    assert files_at(far.bare, "main")[X] == "x: 1\n"
    assert git(far.bare, "log", "-1", "--format=%p", merged.merge_commit).count(" ") == 0


@pytest.mark.parametrize("far", ["github", "gitea"], indirect=True)
def test_a_merge_that_is_refused_in_every_way_says_why_in_the_code_host_s_words(
    far: World, service: Entity, lead: User
) -> None:
    from flagstone.delivery import actions, pipeline
    from flagstone.delivery.models import Rollback
    from tests.http_server import Fault, Reply

    for words in ("2 approvals are missing.", "No squashing here."):
        far.server.faults.append(Fault("/merge", reply=Reply(405, {"message": words})))
    rollback = actions.request_rollback(actor=lead, service=service, reason="It answers 500.")
    pipeline.carry_out(rollback.pk)
    waiting = Rollback.objects.get()
    assert (waiting.state, waiting.note_code) == ("open", "delivery.host_waits")
    assert "2 approvals are missing." in waiting.note
    assert files_at(far.bare, "main")[X] == "x: broken\n"
