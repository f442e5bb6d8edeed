"""What the workers run for the forge. A message is only a hint: the sweeps find what was lost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from flagstone.core.tasks import FlagstoneTask
from flagstone.forge import pipeline
from flagstone.forge.errors import ForgeError
from flagstone.forge.git.workspace import remove_abandoned

# well under the broker's visibility timeout: a message that waits longer there is delivered twice
LONGEST_COUNTDOWN = 120.0


@shared_task(base=FlagstoneTask, name="flagstone.forge.ship_change")
def ship_change(change_id: str, **_later: Any) -> None:
    # the row keeps the failure and when to try again; a sweep would find it a little later
    try:
        pipeline.ship(UUID(change_id))
    except ForgeError as error:
        if error.retry_after is not None and error.retry_after <= LONGEST_COUNTDOWN:
            ship_change.hint(change_id, countdown=error.retry_after)


@shared_task(base=FlagstoneTask, name="flagstone.forge.sweep_changes")
def sweep_changes(**_later: Any) -> None:
    """Take up changes that nobody is at, and remove what killed workers left on disk."""
    for change_id in pipeline.claim_stuck_changes():
        ship_change.delay_on_commit(str(change_id))
    remove_abandoned()


@shared_task(base=FlagstoneTask, name="flagstone.forge.sync_repository")
def sync_repository(repository_id: int, **_later: Any) -> None:
    pipeline.sync_repository(repository_id)


@shared_task(base=FlagstoneTask, name="flagstone.forge.sync_repositories")
def sync_repositories(**_later: Any) -> None:
    """Notice pushes that went past Flagstone."""
    for repository_id in pipeline.claim_due_repositories():
        sync_repository.delay_on_commit(repository_id)


@shared_task(base=FlagstoneTask, name="flagstone.forge.work_delivery")
def work_delivery(delivery_id: str, **_later: Any) -> None:
    pipeline.work_delivery(UUID(delivery_id))


@shared_task(base=FlagstoneTask, name="flagstone.forge.sweep_deliveries")
def sweep_deliveries(**_later: Any) -> None:
    """Take up webhooks that nobody is at."""
    for delivery_id in pipeline.claim_lost_deliveries():
        work_delivery.delay_on_commit(str(delivery_id))


@shared_task(base=FlagstoneTask, name="flagstone.forge.forget_deliveries")
def forget_deliveries(**_later: Any) -> None:
    pipeline.forget_deliveries()
