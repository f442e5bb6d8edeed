"""What the workers run for scaffolding. A message is only a hint: the sweep finds what was lost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from flagstone.core.tasks import FlagstoneTask
from flagstone.scaffolding import pipeline
from flagstone.scaffolding.registered import fetching, holding


@shared_task(base=FlagstoneTask, name="flagstone.scaffolding.execute_run")
def execute_run(run_id: str, **_later: Any) -> None:
    pipeline.execute(UUID(run_id))


@shared_task(base=FlagstoneTask, name="flagstone.scaffolding.sweep_runs")
def sweep_runs(**_later: Any) -> None:
    """Take up runs that nobody is at, and remove what killed workers left on disk."""
    for run_id in pipeline.claim_stuck_runs():
        execute_run.delay_on_commit(str(run_id))
    pipeline.remove_abandoned()


@shared_task(base=FlagstoneTask, name="flagstone.scaffolding.fetch_template")
def fetch_template(source_id: int, **_later: Any) -> None:
    fetching.take_turn(source_id, fetch_template.delay_on_commit)


@shared_task(base=FlagstoneTask, name="flagstone.scaffolding.sweep_templates")
def sweep_templates(**_later: Any) -> None:
    """Fetch templates that nobody is at, and remove files on disk that no template has any more."""
    for source_id in fetching.claim_waiting():
        fetch_template.delay_on_commit(source_id)
    holding.remove_unused()
