"""Moves a rollback on, at once and once: the row, the audit chain and the job that its asker watches go together."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.core import audit, jobs
from flagstone.core.errors import FlagstoneError
from flagstone.delivery.models import Rollback, RollbackState

_ENDED_BADLY = {
    RollbackState.CLOSED: "Its pull request was closed without being merged.",
    RollbackState.FAILED: "",
    RollbackState.UNHEALTHY: "It is merged, and the service is not healthy.",
    RollbackState.UNREPORTED: "It is merged, and nobody reported health.",
}


class _Ended(FlagstoneError):
    default_code = "delivery.ended"


def move(
    rollback: Rollback, state: RollbackState, *, by: User | None = None, **fields: Any
) -> bool:
    """Write down that a rollback came into another state; one that somebody else moved on is left alone.

    Args:
        rollback: As it was read; it is brought up to date.
        state: Its new one.
        by: Who did it; None for a code host, Argo CD or Flagstone itself.
        **fields: What else is known now.

    Returns:
        Whether it was this call that moved it.
    """
    values = {"note": "", "note_code": "", "tries": 0, "not_before": timezone.now(), **fields}
    if state in _ENDED_BADLY:
        values.setdefault("ended_at", timezone.now())
    with transaction.atomic():
        rows = Rollback.objects.filter(pk=rollback.pk, state=rollback.state)
        moved = bool(rows.update(state=state, **values))
        if moved:
            audit.record(
                actor=by,
                action=f"delivery.rollback_{state.value}",
                subject=rollback.entity_ref,
                data=_data(rollback, values),
            )
            _tell_job(rollback, state, values)
    rollback.refresh_from_db()
    return moved


def remark(rollback: Rollback, note: str, code: str, **fields: Any) -> None:
    """Write down what a rollback waits for; its state stays."""
    rows = Rollback.objects.filter(pk=rollback.pk, state=rollback.state)
    rows.update(note=note, note_code=code, **fields)
    rollback.refresh_from_db()


def _data(rollback: Rollback, values: dict[str, Any]) -> dict[str, Any]:
    told = ("opened_at", "merged_at", "healthy_at", "merge_commit", "health_source", "note")
    return {"rollback": str(rollback.pk), "commit": rollback.reverted_commit} | {
        key: value.isoformat() if hasattr(value, "isoformat") else value
        for key in told
        if (value := values.get(key))
    }


def _tell_job(rollback: Rollback, state: RollbackState, values: dict[str, Any]) -> None:
    job = rollback.job
    if state is RollbackState.HEALTHY:
        job.error = job.error_code = ""
        jobs.succeed(job)
    elif state in _ENDED_BADLY:
        jobs.fail(
            job, _Ended(_ENDED_BADLY[state] or values["note"], code=f"delivery.{state.value}")
        )
    elif job.is_finished:
        jobs.start(job)
