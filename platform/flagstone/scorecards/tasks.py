"""The worker's door to evaluation."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from flagstone.core.tasks import FlagstoneTask
from flagstone.scorecards import pipeline


@shared_task(base=FlagstoneTask, name="flagstone.scorecards.evaluate_repository")
def evaluate_repository(repository_id: int, **_: Any) -> None:
    pipeline.evaluate_repository(repository_id)


@shared_task(base=FlagstoneTask, name="flagstone.scorecards.evaluate_all")
def evaluate_all(**_: Any) -> None:
    """Look at every GitOps repository again: rules have dates, and exemptions end."""
    pipeline.evaluate_all()


@shared_task(base=FlagstoneTask, name="flagstone.scorecards.backfill_history")
def backfill_history(repository_id: int, **_: Any) -> None:
    """Fill in the weeks before the first look from the repository's history."""
    pipeline.backfill(repository_id)


@shared_task(base=FlagstoneTask, name="flagstone.scorecards.sweep_evaluations")
def sweep_evaluations(**_: Any) -> None:
    pipeline.sweep_evaluations(timezone.now())
