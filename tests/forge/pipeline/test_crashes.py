"""`kill -9` at each point of shipping, for real, and two workers at once."""

from __future__ import annotations

import contextlib
import os
import signal
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from flagstone.core.models import AuditEntry
from flagstone.forge import pipeline
from flagstone.forge.errors import ChangeBusy
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.hosts.local import pull_requests as local_pull_requests
from flagstone.forge.hosts.local.store import PullRequestStore
from flagstone.forge.models import ChangeRequest, PullRequest
from flagstone.forge.pipeline import decorating, opening, publishing, shipping
from flagstone.forge.pipeline import pull_requests as recording
from tests.forge.repositories import files_at, git
from tests.forking import fork
from tests.waiting import tries

pytestmark = pytest.mark.django_db(transaction=True)

REPO = "acme/gitops"


BUSY = 3


def fork_all(works: Sequence[Callable[[], object]]) -> list[int]:
    """Run each in a process of its own, all at once, and return how they ended."""
    children = []
    for work in works:
        pid = fork()
        if pid == 0:
            ending = 1
            try:
                work()
                ending = 0
            except ChangeBusy:
                ending = BUSY
            except BaseException:  # noqa: BLE001 - a child has nobody above it to tell
                os.write(2, traceback.format_exc().encode())
            finally:
                os._exit(ending)
        children.append(pid)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying(place: Any, name: str, *, after: bool, call: int = 1) -> Callable[[], None]:
    """Return a way to have the process killed around the nth call of a function."""
    plain, calls = getattr(place, name), [0]

    def patched(*arguments: Any, **more: Any) -> Any:
        calls[0] += 1
        if calls[0] == call and not after:
            die()
        result = plain(*arguments, **more)
        if calls[0] == call and after:
            die()
        return result

    return lambda: setattr(place, name, patched)


POINTS: dict[str, Callable[[], None]] = {
    "before the attempt is counted": dying(shipping, "_begin", after=False),
    "after the attempt is counted": dying(shipping, "_begin", after=True),
    "after the look": dying(GitWorkspace, "observe", after=True),
    "after the commit": dying(GitWorkspace, "build_commit", after=True),
    "after the commit is recorded": dying(publishing, "record_progress", after=True),
    "after the push": dying(GitWorkspace, "push", after=True),
    "after the push is recorded": dying(publishing, "record_progress", after=True, call=2),
    "before the pull request": dying(LocalForge, "create_pull_request", after=False),
    "inside the code host, before its record": dying(PullRequestStore, "write", after=False),
    "inside the code host, after its ref": dying(local_pull_requests, "move_refs", after=True),
    "after the pull request": dying(LocalForge, "create_pull_request", after=True),
    "inside our own record": dying(recording, "_carry_change", after=False),
    "at the end of our own record": dying(recording, "_audit_state", after=True),
    "after our own record": dying(opening, "record_pull_request", after=True),
    "before it is decorated": dying(shipping, "decorate", after=False),
    "before the decoration is recorded": dying(decorating, "record_progress", after=False),
    "after the decoration is recorded": dying(decorating, "record_progress", after=True),
}


def ship_when_free(change_id: UUID) -> PullRequest | None:
    """Ship as soon as the database has noticed that the other worker is dead."""
    for _ in tries():
        with contextlib.suppress(ChangeBusy):
            return pipeline.ship(change_id)
    raise AssertionError("the dead worker's lock was never given back")


def assert_shipped_once(change_id: UUID, bare: Path, root: Path) -> None:
    change = ChangeRequest.objects.get(pk=change_id)
    assert change.state == "opened"
    refs = git(bare, "for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    main = git(bare, "rev-parse", "main")
    assert refs == [
        f"{change.commit} refs/heads/{change.branch}",
        f"{main} refs/heads/main",
        f"{change.commit} refs/pull/1/head",
    ]
    assert git(bare, "rev-list", "--count", f"main..{change.branch}") == "1"
    assert files_at(bare, change.branch)["README.md"] == "bye\n"
    [found] = LocalForge(root).list_pull_requests(REPO)
    [row] = PullRequest.objects.all()
    assert (row, row.number, row.head_commit) == (change.pull_request, found.number, found.head)
    opened = AuditEntry.objects.filter(action="forge.pull_request_opened")
    assert opened.count() == 1


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_anywhere_leaves_one_pull_request(
    change: ChangeRequest, bare: Path, root: Path, point: str
) -> None:
    def work() -> None:
        POINTS[point]()
        pipeline.ship(change.pk)

    assert fork_all([work]) == [-signal.SIGKILL]
    assert ship_when_free(change.pk)
    assert_shipped_once(change.pk, bare, root)


def test_a_worker_killed_at_every_point_in_turn_leaves_one_pull_request(
    change: ChangeRequest, bare: Path, root: Path
) -> None:
    for point in ("after the commit", "after the push", "after the pull request"):

        def work(point: str = point) -> None:
            POINTS[point]()
            ship_when_free(change.pk)

        assert fork_all([work]) == [-signal.SIGKILL]
    assert ship_when_free(change.pk)
    assert_shipped_once(change.pk, bare, root)
    assert ChangeRequest.objects.get(pk=change.pk).attempts == 4


def test_the_commit_made_again_is_the_same(change: ChangeRequest, bare: Path) -> None:
    def work() -> None:
        POINTS["after the commit is recorded"]()
        pipeline.ship(change.pk)

    fork_all([work])
    recorded = ChangeRequest.objects.get(pk=change.pk).commit
    assert recorded
    ship_when_free(change.pk)
    assert git(bare, "rev-parse", change.branch) == recorded


def test_many_workers_at_once_ship_it_once(change: ChangeRequest, bare: Path, root: Path) -> None:
    endings = fork_all([lambda: pipeline.ship(change.pk)] * 6)
    assert set(endings) <= {0, BUSY}
    assert 0 in endings
    assert_shipped_once(change.pk, bare, root)


def test_even_without_the_lock_the_code_host_lets_one_through(
    change: ChangeRequest, bare: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "_alone", lambda _: contextlib.nullcontext())
    endings = fork_all([lambda: pipeline.ship(change.pk)] * 6)
    assert set(endings) <= {0, BUSY}
    ship_when_free(change.pk)
    assert_shipped_once(change.pk, bare, root)


def test_changes_to_one_repository_do_not_wait_for_each_other(
    change: ChangeRequest, bare: Path, root: Path
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
        for number in range(6)
    ]
    assert fork_all([partial(pipeline.ship, change_id) for change_id in changes]) == [0] * 6
    assert sorted(pull.number for pull in LocalForge(root).list_pull_requests(REPO)) == [
        1, 2, 3, 4, 5, 6,
    ]  # fmt: skip
