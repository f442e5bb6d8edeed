"""`kill -9` at each point of a rollback, for real, and many workers at once: one pull request, one merge."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from flagstone.accounts.models import User
from flagstone.core.models import AuditEntry
from flagstone.delivery import merging, pipeline, recording
from flagstone.delivery.models import Rollback
from flagstone.forge.errors import ChangeBusy
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import PullRequest
from flagstone.forge.pipeline import merging as forge_merging
from tests.delivery.conftest import GOOD, ROLLOUT
from tests.forge.pipeline.test_crashes import BUSY, dying, fork_all
from tests.forge.repositories import files_at, git
from tests.waiting import tries

pytestmark = pytest.mark.django_db(transaction=True)

POINTS: dict[str, Callable[[], None]] = {
    "before it is shipped": dying(pipeline, "ship", after=False),
    "after it is shipped": dying(pipeline, "ship", after=True),
    "inside the record of its opening": dying(recording, "_tell_job", after=False),
    "after the record of its opening": dying(pipeline, "move", after=True),
    "after the look at the pull request": dying(merging, "record_pull_request", after=True),
    "after the emergency is written down": dying(merging, "_audit_alone", after=True),
    "before the merge": dying(LocalForge, "merge_pull_request", after=False),
    "after the merge": dying(LocalForge, "merge_pull_request", after=True),
    "after the merge is seen": dying(forge_merging, "refresh_pull_request", after=True),
    "before the record of the merge": dying(pipeline, "_record_merge", after=False),
    "after the record of the merge": dying(pipeline, "_record_merge", after=True),
}


def carry_out_when_free(rollback: Rollback) -> Rollback:
    """Go on as soon as the database has noticed that the other worker is dead."""
    for _ in tries():
        with contextlib.suppress(ChangeBusy):
            pipeline.carry_out(rollback.pk)
        found = Rollback.objects.get(pk=rollback.pk)
        if found.is_taken_back:
            return found
    raise AssertionError(f"it never went on: {found.state}, {found.note}")


def assert_taken_back_once(rollback: Rollback, bare: Path) -> None:
    assert rollback.state == "merged"
    pull = PullRequest.objects.get()
    assert (pull.state, pull.labels) == ("merged", ["rollback"])
    assert git(bare, "rev-parse", "main") == pull.merge_commit == rollback.merge_commit
    assert git(bare, "rev-list", "--count", "--merges", "main") == "1"
    assert files_at(bare, "main")[ROLLOUT] == GOOD
    rows = AuditEntry.objects.filter(action__startswith="delivery.").order_by("sequence")
    assert [row.action.removeprefix("delivery.rollback_") for row in rows] == [
        "requested", "open", "merged_alone", "merged",
    ]  # fmt: skip
    assert rollback.opened_at
    assert rollback.merged_at
    assert rollback.clicked_at <= rollback.opened_at <= rollback.merged_at


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_anywhere_takes_it_back_once(
    ask: Callable[..., Rollback], lead: User, bare: Path, point: str
) -> None:
    rollback = ask(lead)

    def work() -> None:
        POINTS[point]()
        pipeline.carry_out(rollback.pk)

    assert fork_all([work]) == [-signal.SIGKILL]
    assert_taken_back_once(carry_out_when_free(rollback), bare)


def test_many_workers_at_once_take_it_back_once(
    ask: Callable[..., Rollback], lead: User, bare: Path
) -> None:
    rollback = ask(lead)
    endings = fork_all([lambda: pipeline.carry_out(rollback.pk)] * 6)
    assert set(endings) <= {0, BUSY}
    assert_taken_back_once(carry_out_when_free(rollback), bare)


def test_many_people_at_once_ask_for_one(
    ask: Callable[..., Rollback], lead: User, member: User
) -> None:
    endings = fork_all([lambda: ask(lead, key="k"), lambda: ask(member)] * 3)
    assert endings == [0] * 6
    assert Rollback.objects.count() == 1
    assert AuditEntry.objects.filter(action="delivery.rollback_requested").count() == 1
    assert AuditEntry.objects.filter(action="forge.change_requested").count() == 1
