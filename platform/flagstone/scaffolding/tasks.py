"""What the workers run for scaffolding. A message is only a hint: the sweep finds what was lost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from flagstone.core.tasks import FlagstoneTask
from flagstone.scaffolding import pipeline


@shared_task(base=FlagstoneTask, name="flagstone.scaffolding.execute_run")
def execute_run(run_id: str, **_later: Any) -> None:
    pipeline.execute(UUID(run_id))


@shared_task(base=FlagstoneTask, name="flagstone.scaffolding.sweep_runs")
def sweep_runs(**_later: Any) -> None:
    """Take up runs that nobody is at, and remove what killed workers left on disk."""
    for run_id in pipeline.claim_stuck_runs():
        execute_run.delay_on_commit(str(run_id))
    pipeline.remove_abandoned()
