"""Writing the progress of a job: steps, log lines, its end. Each call is visible to readers at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from flagstone.core.errors import FlagstoneError
from flagstone.core.models import Job, JobLine, JobState, JobStep, StepState
from flagstone.core.redaction import redact

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

UNEXPECTED = (
    "Flagstone itself failed here. The platform team finds the traceback in the worker's log."
)


@dataclass(frozen=True, slots=True)
class JobLog:
    """Writes lines under one step of a job; every line is redacted before it is stored."""

    job: Job
    step: JobStep | None = None

    def info(self, text: str) -> None:
        self._write("info", text)

    def warning(self, text: str) -> None:
        self._write("warning", text)

    def error(self, text: str) -> None:
        self._write("error", text)

    def _write(self, level: str, text: str) -> None:
        JobLine.objects.create(job=self.job, step=self.step, level=level, text=redact(text))


def create(
    *,
    kind: str,
    title: str,
    steps: Sequence[tuple[str, str]],
    requested_by: AbstractUser | None = None,
) -> Job:
    """Create a queued job with its steps, each a (key, title)."""
    job = Job.objects.create(
        kind=kind, title=title, requested_by_id=requested_by.pk if requested_by else None
    )
    JobStep.objects.bulk_create(
        JobStep(job=job, position=position, key=key, title=step_title)
        for position, (key, step_title) in enumerate(steps, start=1)
    )
    return job


def start(job: Job) -> None:
    """Mark a job as running; the first start stays its starting time."""
    job.state = JobState.RUNNING
    job.started_at = job.started_at or timezone.now()
    job.finished_at = None
    job.error_code = job.error = ""
    job.save(update_fields=("state", "started_at", "finished_at", "error_code", "error"))


@contextmanager
def step(job: Job, key: str) -> Iterator[JobLog]:
    """Run one step: records its start and its end, and its failure with the cause in a sentence.

    A step that was begun before keeps the time of that.
    """
    row = _begin(job, key)
    log = JobLog(job, row)
    try:
        yield log
    except BaseException as failure:
        row.state, row.finished_at, row.error = StepState.FAILED, timezone.now(), explain(failure)
        row.save(update_fields=("state", "finished_at", "error"))
        log.error(row.error)  # noqa: TRY400 - a line for people, no logger
        raise
    row.state, row.finished_at = StepState.SUCCEEDED, timezone.now()
    row.save(update_fields=("state", "finished_at"))


def begin(job: Job, key: str) -> JobLog:
    """Start a step that ends later, in another process perhaps, by `step` or `skip`: it waits for somebody."""
    return JobLog(job, _begin(job, key))


def _begin(job: Job, key: str) -> JobStep:
    row = JobStep.objects.get(job=job, key=key)
    if row.state != StepState.RUNNING or row.started_at is None:
        row.started_at = timezone.now()
    row.state, row.finished_at, row.error = StepState.RUNNING, None, ""
    row.save(update_fields=("state", "started_at", "finished_at", "error"))
    return row


def is_done(job: Job, key: str) -> bool:
    """Tell whether a step has succeeded before, so that a resumed job need not repeat it."""
    return JobStep.objects.filter(job=job, key=key, state=StepState.SUCCEEDED).exists()


def skip(job: Job, key: str, reason: str) -> None:
    row = JobStep.objects.get(job=job, key=key)
    row.state, row.finished_at = StepState.SKIPPED, timezone.now()
    row.save(update_fields=("state", "finished_at"))
    JobLog(job, row).info(reason)


def succeed(job: Job) -> None:
    _finish(job, JobState.SUCCEEDED)


def cancel(job: Job) -> None:
    _finish(job, JobState.CANCELLED)


def fail(job: Job, failure: BaseException) -> None:
    """End a job as failed, with the cause that people read."""
    job.error_code = failure.code if isinstance(failure, FlagstoneError) else "unexpected"
    job.error = explain(failure)
    _finish(job, JobState.FAILED)


def explain(failure: BaseException) -> str:
    """Return the sentence for people; what Flagstone did not raise itself may hold secrets and stays in the log."""
    return redact(failure.message) if isinstance(failure, FlagstoneError) else UNEXPECTED


def _finish(job: Job, state: JobState) -> None:
    job.state, job.finished_at = state, timezone.now()
    job.save(update_fields=("state", "finished_at", "error_code", "error"))
