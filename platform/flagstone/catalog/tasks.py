"""What the workers run for the catalogue."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from flagstone.catalog import pipeline
from flagstone.catalog.discovery import working
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


@shared_task(base=FlagstoneTask, name="flagstone.catalog.work_discovery")
def work_discovery(discovery_id: str, **_later: Any) -> None:
    if working.work_discovery(UUID(discovery_id)):
        work_discovery.delay_on_commit(discovery_id)


@shared_task(base=FlagstoneTask, name="flagstone.catalog.sweep_discoveries")
def sweep_discoveries(**_later: Any) -> None:
    """Take up discoveries that nobody is at."""
    for discovery_id in working.claim_left_discoveries():
        work_discovery.delay_on_commit(str(discovery_id))
