"""Rows 1 to 3 and 38 of the fault matrix at real distance: workers that are killed, doubled, or paused too long."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from flagstone.forge import pipeline
from flagstone.forge.errors import ChangeBusy
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.rest.transport import Transport
from flagstone.forge.models import ChangeRequest
from flagstone.forge.pipeline import decorating, opening, publishing, shipping
from tests.forge.pipeline.test_crashes import BUSY, dying, fork_all, ship_when_free
from tests.forge.remote.test_shipping import assert_once, branches
from tests.forge.remote.worlds import World, world
from tests.waiting import comes_true, tries

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def far(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """One kind: the others differ behind the adapter, where no worker dies."""
    with world("gitea", tmp_path / "far", monkeypatch) as made:
        yield made


POINTS: dict[str, Callable[[], None]] = {
    "after the attempt is counted": dying(shipping, "_begin", after=True),
    "after the commit": dying(GitWorkspace, "build_commit", after=True),
    "after the commit is recorded": dying(publishing, "record_progress", after=True),
    "after the push": dying(GitWorkspace, "push", after=True),
    "after the push is recorded": dying(publishing, "record_progress", after=True, call=2),
    "before the first write": dying(Transport, "write", after=False),
    "after the first write": dying(Transport, "write", after=True),
    "after the pull request is recorded": dying(opening, "record_pull_request", after=True),
    "after the second write": dying(Transport, "write", after=True, call=2),
    "after the last write": dying(decorating, "record_progress", after=False),
    "after the decoration is recorded": dying(decorating, "record_progress", after=True),
}


@pytest.mark.parametrize("point", POINTS)
def test_row_1_a_worker_killed_anywhere_leaves_one_of_everything(
    far: World, change: ChangeRequest, point: str
) -> None:
    def work() -> None:
        POINTS[point]()
        pipeline.ship(change.pk)

    assert fork_all([work]) == [-signal.SIGKILL]
    assert ship_when_free(change.pk)
    assert_once(far, change)


def test_row_2_the_same_message_three_times_at_once_ships_once(
    far: World, change: ChangeRequest
) -> None:
    endings = fork_all([lambda: pipeline.ship(change.pk)] * 3)
    assert set(endings) <= {0, BUSY}
    assert 0 in endings
    assert_once(far, change)


def test_row_3_a_worker_that_wakes_after_another_took_over_changes_nothing(
    far: World, change: ChangeRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without the lock between them, a worker sleeps before its push until the other one is done."""
    monkeypatch.setattr(shipping, "_alone", lambda _: contextlib.nullcontext())

    is_paused, is_over = tmp_path / "paused", tmp_path / "over"

    def paused() -> None:
        plain = GitWorkspace.push

        def push(self: GitWorkspace, *arguments: object, **more: object) -> object:
            is_paused.touch()
            comes_true(is_over.exists)
            return plain(self, *arguments, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(GitWorkspace, "push", push)
        pipeline.ship(change.pk)

    def another() -> None:
        assert comes_true(is_paused.exists)
        try:
            pipeline.ship(change.pk)
        finally:
            is_over.touch()

    endings = fork_all([paused, another])
    assert set(endings) <= {0, BUSY}
    with contextlib.suppress(ChangeBusy):
        ship_when_free(change.pk)
    assert_once(far, change)


def test_row_38_a_message_that_was_lost_costs_a_delay(far: World, change: ChangeRequest) -> None:
    from datetime import timedelta

    ChangeRequest.objects.update(touched_at=change.touched_at - timedelta(minutes=1))
    assert pipeline.claim_stuck_changes() == [change.pk]
    assert pipeline.claim_stuck_changes() == []
    pipeline.ship(change.pk)
    assert_once(far, change)


def test_row_34_many_changes_to_one_repository_become_as_many_pull_requests(
    far: World, change: ChangeRequest
) -> None:
    changes = [
        pipeline.record_change(
            requested_by=change.requested_by,
            repository=change.repository,
            title=f"Add {number}",
            body="",
            files={f"services/{number}.yaml": b"x"},
            source=f"run:{number}",
        ).pk
        for number in range(20)
    ]
    for start in range(0, 20, 5):
        works = [partial(ship_when_free, change_id) for change_id in changes[start : start + 5]]
        assert fork_all(works) == [0] * 5
    assert len(branches(far)) == 21
    assert sorted(pull.source for pull in far.pulls()) == sorted(
        ChangeRequest.objects.exclude(pk=change.pk).values_list("branch", flat=True)
    )
    assert far.times_opened() == 20


def test_row_39_cancelled_while_a_worker_is_between_push_and_pull_request(
    far: World, change: ChangeRequest
) -> None:
    def work() -> None:
        dying(GitWorkspace, "push", after=True)()
        pipeline.ship(change.pk)

    assert fork_all([work]) == [-signal.SIGKILL]
    for _ in tries():
        with contextlib.suppress(ChangeBusy):
            pipeline.withdraw_change(change.pk)
            break
    assert branches(far) == ["main"]
    assert far.pulls() == []
    assert pipeline.ship(change.pk) is None
    assert branches(far) == ["main"]
