"""What the workers run for the catalogue."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from flagstone.catalog import pipeline
from flagstone.core.tasks import FlagstoneTask


@shared_task(base=FlagstoneTask, name="flagstone.catalog.ingest_location")
def ingest_location(location_id: int, **_later: Any) -> None:
    pipeline.ingest(location_id)


@shared_task(base=FlagstoneTask, name="flagstone.catalog.refresh_due_locations")
def refresh_due_locations(**_later: Any) -> None:
    for location_id in pipeline.claim_due_locations(timezone.now()):
        ingest_location.delay_on_commit(location_id)


@shared_task(base=FlagstoneTask, name="flagstone.catalog.remove_orphans")
def remove_orphans(**_later: Any) -> None:
    pipeline.remove_orphans()
