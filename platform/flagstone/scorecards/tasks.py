"""The worker's door to evaluation."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from flagstone.core.tasks import FlagstoneTask
from flagstone.scorecards import pipeline


@shared_task(base=FlagstoneTask)
def evaluate_repository(repository_id: int, **_: Any) -> None:
    pipeline.evaluate_repository(repository_id)


@shared_task(base=FlagstoneTask)
def evaluate_all(**_: Any) -> None:
    """Look at every GitOps repository again: rules have dates, and exemptions end."""
    pipeline.evaluate_all()
