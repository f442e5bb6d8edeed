"""A rollback whose pull request was opened although nobody heard of it: found, never opened a second time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.catalog.models import Entity
from flagstone.core.errors import Conflict, FlagstoneError
from flagstone.core.models import AuditEntry
from flagstone.delivery import actions, pipeline
from flagstone.delivery.models import Rollback
from flagstone.forge.hosts.base import MergeMethod, PullRequestState
from flagstone.forge.models import ChangeRequest, RepositoryRole
from flagstone.forge.people import BOT_ACCOUNT
from flagstone.forge.pipeline import ship, sync_repository
from flagstone.forge.pipeline.shipping import MOST_ATTEMPTS
from tests.delivery.services import service_of
from tests.forge.remote.worlds import REPO, World, world
from tests.forge.repositories import push_by_hand
from tests.http_server import Fault, Reply

pytestmark = pytest.mark.django_db(transaction=True)
X = "services/a/x.yaml"


@pytest.fixture
def far(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world("gitea", tmp_path / "far", monkeypatch) as made:
        push_by_hand(made.bare, tmp_path, {X: "x: broken\n", "README.md": "2\n"}, message="Release")
        made.repository.role = RepositoryRole.GITOPS
        made.repository.save()
        yield made


@pytest.fixture
def service(far: World) -> Entity:
    return service_of(far.repository, "a")


@pytest.fixture
def ask(service: Entity, member: User) -> Callable[[], Rollback]:
    """Ask for the rollback of the service by somebody who may not merge it alone."""
    return lambda: actions.request_rollback(actor=member, service=service, reason="It is broken.")


@pytest.fixture
def failed(far: World, ask: Callable[[], Rollback]) -> Rollback:
    """It was opened, the answer was lost, and then the code host was away for as long as one tries."""
    rollback = ask()
    far.server.faults.append(Fault("POST /", Reply(500), cuts=True, is_done=True))
    at = timezone.now()
    for _ in range(MOST_ATTEMPTS + 1):
        with time_machine.travel(at), pytest.raises(FlagstoneError):
            raise_or_end(rollback)
        far.server.faults[:] = [Fault(" /", Reply(503), times=10**6)]
        at += timedelta(minutes=12)
    far.server.faults.clear()
    rollback.refresh_from_db()
    assert (rollback.state, rollback.change_request.pull_request) == ("failed", None)
    assert [pull.state for pull in far.pulls()] == [PullRequestState.OPEN]
    return rollback


def raise_or_end(rollback: Rollback) -> None:
    pipeline.carry_out(rollback.pk)
    rollback.refresh_from_db()
    if rollback.state == "failed":
        raise Conflict(rollback.note)


def merge_at_the_host(far: World) -> None:
    [pull] = far.pulls()
    far.forge.merge_pull_request(
        REPO, pull.number, expected_head=pull.head, method=MergeMethod.MERGE, by=BOT_ACCOUNT
    )


def test_a_look_at_the_repository_finds_it(far: World, failed: Rollback) -> None:
    sync_repository(far.repository.pk)
    change = ChangeRequest.objects.get()
    assert (change.state, change.pull_request and change.pull_request.number) == ("decorating", 1)
    adopted = AuditEntry.objects.get(action="forge.change_adopted")
    assert (adopted.subject, adopted.data) == (
        f"change:{change.pk}", {"pull_request": f"{REPO}#1", "was": "failed"},
    )  # fmt: skip
    with time_machine.travel(failed.not_before + timedelta(seconds=1)):
        assert pipeline.claim_due() == [failed.pk]
    pipeline.carry_out(failed.pk)
    failed.refresh_from_db()
    assert (failed.state, failed.ended_at, failed.job.state) == ("open", None, "running")
    ship(change.pk)
    assert far.pulls()[0].labels == ("rollback",)
    merge_at_the_host(far)
    sync_repository(far.repository.pk)
    pipeline.carry_out(failed.pk)
    failed.refresh_from_db()
    assert (failed.state, ChangeRequest.objects.get().state) == ("merged", "merged")


def test_one_that_was_merged_there_is_taken_back(far: World, failed: Rollback) -> None:
    merge_at_the_host(far)
    sync_repository(far.repository.pk)
    pipeline.carry_out(failed.pk)
    failed.refresh_from_db()
    assert (failed.state, failed.ended_at) == ("merged", None)
    assert failed.merge_commit == far.pulls()[0].merge
    assert failed.opened_at is not None
    assert failed.merged_at is not None
    assert failed.clicked_at <= failed.opened_at <= failed.merged_at


def test_asking_again_finds_it_before_anything_is_opened(
    far: World, failed: Rollback, ask: Callable[[], Rollback]
) -> None:
    again = ask()
    assert (again, again.state) == (failed, "open")
    assert (Rollback.objects.count(), far.times_opened()) == (1, 1)


def test_asking_again_opens_one_where_there_is_none(
    far: World, failed: Rollback, ask: Callable[[], Rollback]
) -> None:
    far.forge.close_pull_request(REPO, 1, by=BOT_ACCOUNT)
    again = ask()
    failed.refresh_from_db()
    assert (failed.state, again.state) == ("closed", "asked")
    pipeline.carry_out(again.pk)
    assert [pull.state for pull in far.pulls()] == [PullRequestState.CLOSED, PullRequestState.OPEN]
