"""What the workers run for the forge. A message is only a hint: the sweeps find what was lost."""

from __future__ import annotations

import contextlib
from typing import Any
from uuid import UUID

from celery import shared_task

from flagstone.core.tasks import FlagstoneTask
from flagstone.forge import pipeline
from flagstone.forge.errors import ForgeError
from flagstone.forge.git.workspace import remove_abandoned
from flagstone.forge.models import Repository


@shared_task(base=FlagstoneTask, name="flagstone.forge.ship_change")
def ship_change(change_id: str, **_later: Any) -> None:
    # the row keeps the failure and when to try again, and the sweep does it
    with contextlib.suppress(ForgeError):
        pipeline.ship(UUID(change_id))


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
    for repository_id in Repository.objects.seen().values_list("pk", flat=True):
        sync_repository.delay_on_commit(repository_id)
