"""What the workers run for rollbacks. A message is only a hint: the sweep finds what was lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from celery import shared_task

from flagstone.core.tasks import FlagstoneTask
from flagstone.delivery import pipeline
from flagstone.forge.errors import ForgeError

# the sweep comes by so often; what asks for less patience is looked at sooner
SWEEP_SECONDS = 30.0


@shared_task(base=FlagstoneTask, name="flagstone.delivery.carry_out")
def carry_out(rollback_id: str, commits: Sequence[str] = (), **_later: Any) -> None:
    try:
        pipeline.carry_out(UUID(rollback_id), commits=commits)
    except ForgeError as error:
        if error.retry_after is not None and error.retry_after < SWEEP_SECONDS:
            carry_out.hint(rollback_id, countdown=error.retry_after)


@shared_task(base=FlagstoneTask, name="flagstone.delivery.sweep_rollbacks")
def sweep_rollbacks(**_later: Any) -> None:
    """Go on with rollbacks that wait: for a worker, for an approval, for health."""
    for rollback_id in pipeline.claim_due():
        carry_out.delay_on_commit(str(rollback_id))
