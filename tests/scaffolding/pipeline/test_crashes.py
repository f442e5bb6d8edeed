"""`kill -9` at each point of a run, for real, and many workers at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from flagstone.core import jobs
from flagstone.core.models import AuditEntry
from flagstone.forge import actions as forge_actions
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import ChangeRequest, PullRequest, Repository
from flagstone.forge.pipeline import opening, provisioning
from flagstone.scaffolding import actions, pipeline
from flagstone.scaffolding.models import Provenance, ScaffoldRun
from flagstone.scaffolding.pipeline import ending, executing, publishing
from flagstone.scaffolding.pipeline import rendering as rendering_step
from tests.forge.repositories import files_at, git
from tests.forking import fork
from tests.waiting import tries

pytestmark = pytest.mark.django_db(transaction=True)


def in_a_process(work: Callable[[], object]) -> int:
    """Run something in a process of its own and return how it ended."""
    pid = fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def dying(place: Any, name: str, *, after: bool, call: int = 1) -> Callable[[], None]:
    """Return a way to have the process killed around the nth call of a function."""
    plain, calls = getattr(place, name), [0]

    def patched(*arguments: Any, **more: Any) -> Any:
        calls[0] += 1
        if calls[0] == call and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = plain(*arguments, **more)
        if calls[0] == call and after:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return lambda: setattr(place, name, patched)


ON_THE_WAY: dict[str, Callable[[], None]] = {
    "before anything": dying(executing, "_work", after=False),
    "once it is running": dying(executing, "_steps", after=False),
    "while rendering": dying(rendering_step, "render", after=False),
    "after rendering": dying(rendering_step, "render", after=True),
    "after the rendering is recorded": dying(executing, "render_files", after=True),
    "after the check": dying(executing, "check_files", after=True),
    "before the repository": dying(publishing.forge, "provision_repository", after=False),
    "once the repository's name is taken": dying(provisioning, "_reserve", after=True),
    "once the repository is made": dying(LocalForge, "create_repository", after=True),
    "once the repository is recorded": dying(publishing.forge, "provision_repository", after=True),
    "once the run knows its repository": dying(executing, "make_repository", after=True),
    "before the change": dying(publishing.forge, "record_change", after=False),
    "once the change is stored": dying(publishing.forge, "record_change", after=True),
    "once the change is recorded": dying(publishing.forge, "ship", after=False),
    "after the commit": dying(GitWorkspace, "build_commit", after=True),
    "between push and pull request": dying(GitWorkspace, "push", after=True),
    "before the pull request": dying(LocalForge, "create_pull_request", after=False),
    "once the pull request is open": dying(LocalForge, "create_pull_request", after=True),
    "once the pull request is recorded": dying(opening, "record_pull_request", after=True),
    "once the change is shipped": dying(publishing.forge, "ship", after=True),
    "after the pull request's step": dying(executing, "open_pull_request", after=True),
    "before it waits": dying(jobs, "begin", after=False),
    "at the very end": dying(executing, "_look_at_pull_request", after=False),
}


def execute_until(run: ScaffoldRun, *states: str) -> ScaffoldRun:
    """Execute as soon as the database has noticed that the other worker is dead."""
    for _ in tries():
        pipeline.execute(run.pk)
        run.refresh_from_db()
        if run.state in states:
            return run
    raise AssertionError(f"the run stays {run.state}: {run.error}")


def assert_made_once(run: ScaffoldRun, root: Any) -> None:
    gitops = root / "acme/gitops.git"
    change = ChangeRequest.objects.get()
    assert (change.pk, change.state) == (run.change_id, "opened")
    heads = git(gitops, "for-each-ref", "--format=%(refname)", "refs/heads").splitlines()
    assert heads == [f"refs/heads/{change.branch}", "refs/heads/main"]
    [found] = LocalForge(root).list_pull_requests("acme/gitops")
    assert PullRequest.objects.get() == run.pull_request
    assert run.pull_request.number == found.number == 1
    assert LocalForge(root).repository_names() == ["acme/checkout", "acme/gitops"]
    repository = Repository.objects.get(full_name="acme/checkout")
    assert (run.repository, repository.source) == (repository, run.source)
    assert git(root / "acme/checkout.git", "rev-list", "--count", "--all") == "1"
    assert sorted(files_at(root / "acme/checkout.git", "main")) == [
        ".flagstone/provenance.yaml",
        "README.md",
        "run.sh",
    ]
    assert "services/checkout/deployment.yaml" in files_at(gitops, change.branch)
    for action in ("repository_created", "pull_request_opened"):
        assert AuditEntry.objects.filter(action=f"forge.{action}").count() == 1


@pytest.mark.parametrize("point", ON_THE_WAY)
def test_a_worker_killed_anywhere_leaves_one_repository_and_one_pull_request(
    request_run, root, point
):
    run = request_run()

    def work() -> None:
        ON_THE_WAY[point]()
        pipeline.execute(run.pk)

    assert in_a_process(work) == -signal.SIGKILL
    execute_until(run, "waiting")
    assert_made_once(run, root)
    states = dict(run.job.steps.values_list("key", "state"))
    assert (states["pull_request"], states["merge"]) == ("succeeded", "running")


def test_workers_killed_one_after_the_other(request_run, root):
    run = request_run()
    for point in (
        "once the repository is made",
        "once the change is stored",
        "between push and pull request",
    ):

        def work(point: str = point) -> None:
            ON_THE_WAY[point]()
            execute_until(run, "waiting")

        assert in_a_process(work) == -signal.SIGKILL
    execute_until(run, "waiting")
    assert_made_once(run, root)
    assert run.tries == 4


WHILE_ENDING: dict[str, Callable[[], None]] = {
    "once the intent is stored": dying(ending, "_take_back_change", after=False),
    "once the pull request is closed": dying(LocalForge, "close_pull_request", after=True),
    "once the branch is gone": dying(LocalForge, "delete_branch", after=True),
    "once the change is taken back": dying(ending, "_take_back_repository", after=False),
    "once the repository is gone": dying(LocalForge, "delete_repository", after=True),
    "once everything is taken back": dying(ending, "_take_back_repository", after=True),
    "once it is over": dying(ending, "_end_job", after=False),
}


@pytest.mark.parametrize("point", WHILE_ENDING)
def test_a_worker_killed_while_taking_back_is_followed_by_one_that_takes_back(
    request_run, root, member, point
):
    run = execute_until(request_run(), "waiting")
    actions.cancel_run(actor=member, run=run)

    def work() -> None:
        WHILE_ENDING[point]()
        pipeline.execute(run.pk)

    assert in_a_process(work) == -signal.SIGKILL
    execute_until(run, "cancelled")
    assert LocalForge(root).repository_names() == ["acme/gitops"]
    heads = git(root / "acme/gitops.git", "for-each-ref", "--format=%(refname)", "refs/heads")
    assert heads == "refs/heads/main"
    assert PullRequest.objects.get().state == "closed"
    assert not Repository.objects.filter(full_name="acme/checkout").exists()
    assert (
        AuditEntry.objects.filter(action="scaffolding.run_cancelled", actor="flagstone").count()
        == 1
    )
    assert request_run().state == "queued"


AT_THE_MERGE: dict[str, Callable[[], None]] = {
    "before the merge is recorded": dying(ending, "_record_end", after=False),
    "after the merge is recorded": dying(ending, "_record_end", after=True),
    "once the location is registered": dying(ending, "register_location", after=True),
}


@pytest.mark.parametrize("point", AT_THE_MERGE)
def test_a_worker_killed_at_the_merge(request_run, lead, register_service, point):
    run = execute_until(request_run(), "waiting")
    forge_actions.merge_pull_request(actor=lead, pull_request=run.pull_request)

    def work() -> None:
        AT_THE_MERGE[point]()
        pipeline.execute(run.pk)

    assert in_a_process(work) == -signal.SIGKILL
    execute_until(run, "merged")
    register_service("checkout")
    for _ in tries():
        pipeline.execute(run.pk)
        run.job.refresh_from_db()
        if run.job.is_finished:
            break
    assert run.job.state == "succeeded"
    assert Provenance.objects.count() == 1
    assert AuditEntry.objects.filter(action="scaffolding.run_merged").count() == 1


def test_many_workers_at_once_make_it_once(request_run, root):
    run = request_run()
    connections.close_all()
    children = []
    for _ in range(5):
        pid = fork()
        if pid == 0:
            code = 1
            try:
                pipeline.execute(run.pk)
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0] * 5
    run = execute_until(run, "waiting")
    assert run.tries == 1
    assert_made_once(run, root)
