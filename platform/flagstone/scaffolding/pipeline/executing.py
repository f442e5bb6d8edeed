"""One run from the answers to the open pull request, and on from there; safe to kill anywhere.

Every step first looks whether it was done before. So a run that is taken up again ends with exactly one
repository and one pull request, whatever its last worker had time to write down.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from flagstone.core import jobs
from flagstone.core.errors import ExternalError, FlagstoneError
from flagstone.core.locks import only_one_at
from flagstone.core.tasks import RetryLater
from flagstone.forge.models import ChangeRequest, ChangeState
from flagstone.scaffolding.models import MADE, RunState, ScaffoldRun
from flagstone.scaffolding.pipeline.ending import finish, stop
from flagstone.scaffolding.pipeline.publishing import (
    make_repository,
    open_pull_request,
    tell_registration,
)
from flagstone.scaffolding.pipeline.rendering import check_files, render_files
from flagstone.scaffolding.pipeline.rows import load, record

MOST_TRIES = 10


class GaveUp(FlagstoneError):
    """A run was taken up too often without getting anywhere."""

    default_code = "scaffold.gave_up"


class _Stopped(Exception):
    """Somebody wants the run to end."""


def execute(run_id: UUID) -> None:
    """Bring a run as far as a worker can.

    Calling it again, or by several workers at once, changes nothing that is done.

    Raises:
        RetryLater: The code host was not ready; the run waits for its next try.
    """
    with only_one_at(run_id) as is_ours:
        run = load(run_id) if is_ours else None
        if run is None:
            return
        _go_on(run)
    # whoever was told of a cancelling meanwhile found the run taken, and left it to this worker
    if ScaffoldRun.objects.live().filter(pk=run_id).exclude(ending="").exists():
        execute(run_id)


def _go_on(run: ScaffoldRun) -> None:
    if run.ending and run.is_live:
        stop(run, RunState(run.ending))
    elif run.is_at_work:
        _work(run)
    elif run.state == RunState.WAITING:
        _look_at_pull_request(run)
    elif run.state in MADE and not run.job.is_finished:
        finish(run)


def _work(run: ScaffoldRun) -> None:
    jobs.start(run.job)
    record(run, state=RunState.RUNNING, tries=run.tries + 1)
    if run.tries > 1:
        jobs.JobLog(run.job).info(f"A worker takes the run up again (try {run.tries}).")
    try:
        _steps(run)
    except _Stopped:
        run = load(run.pk) or run
        stop(run, RunState(run.ending))
        return
    except FlagstoneError as failure:
        if isinstance(failure, ExternalError) and failure.retryable:
            _postpone(run, failure)
        stop(run, RunState.FAILED, code=failure.code, reason=jobs.explain(failure))
        return
    except Exception as failure:
        stop(run, RunState.FAILED, code="unexpected", reason=jobs.explain(failure))
        raise
    # it may have been merged or closed before this worker could say that it waits for that
    if run.state == RunState.WAITING:
        _look_at_pull_request(run)


def _steps(run: ScaffoldRun) -> None:
    _require_wanted(run)
    if run.tries > MOST_TRIES:
        raise GaveUp(f"{MOST_TRIES} tries did not finish the run. The log says how far each came.")
    with jobs.step(run.job, "render") as journal:
        rendered = render_files(run, journal)
        if rendered.outputs:
            record(run, outputs={**rendered.outputs, **run.outputs})
    _require_wanted(run)
    with jobs.step(run.job, "check") as journal:
        check_files(run, rendered, journal)
    _require_wanted(run)
    make_repository(run, rendered)
    _require_wanted(run)
    if rendered.registration is not None:
        tell_registration(run, rendered.registration)
    if rendered.pull_request is None:
        jobs.skip(run.job, "pull_request", "This scaffold opens no pull request.")
        jobs.skip(run.job, "merge", "There is nothing to merge.")
        finish(run)
        return
    with jobs.step(run.job, "pull_request") as journal:
        pull_request = open_pull_request(run, rendered.pull_request, rendered.gitops, journal)
    if pull_request is None:
        jobs.skip(run.job, "merge", "There is nothing to merge.")
        finish(run)
        return
    jobs.begin(run.job, "merge")
    record(run, state=RunState.WAITING)


def _require_wanted(run: ScaffoldRun) -> None:
    if ScaffoldRun.objects.filter(pk=run.pk).exclude(ending="").exists():
        raise _Stopped


def _postpone(run: ScaffoldRun, failure: ExternalError) -> None:
    wait = failure.retry_after or min(2.0**run.tries, 300.0)
    record(run, not_before=timezone.now() + timedelta(seconds=wait))
    raise RetryLater(failure.message, retry_after=wait) from failure


def _look_at_pull_request(run: ScaffoldRun) -> None:
    """Go on once the pull request is merged or closed."""
    change = ChangeRequest.objects.select_related("pull_request__repository").get(pk=run.change_id)
    run.change_request = change
    if change.state == ChangeState.MERGED:
        finish(run)
    elif change.state == ChangeState.CLOSED:
        pull_request = change.pull_request
        by = f" by {pull_request.closed_by_login}" if pull_request else ""
        stop(
            run,
            RunState.CLOSED,
            code="scaffold.pull_request_closed",
            reason=f"{pull_request or 'The pull request'} was closed{by} without being merged.",
        )
