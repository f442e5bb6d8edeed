"""A repository moved or the catalogue changed: look again. Receivers only enqueue."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from flagstone.catalog.signals import entities_changed
from flagstone.forge.signals import repository_updated
from flagstone.scorecards import actions
from flagstone.scorecards.signals import scores_changed


@receiver(repository_updated)
def look_at_the_new_state(sender: Any, repository_id: int, branch: str, **kwargs: Any) -> None:
    actions.look_at_repository(repository_id=repository_id, branch=branch, reason=f"{branch} moved")


@receiver(entities_changed)
def look_for_new_services(sender: Any, refs: list[str], **kwargs: Any) -> None:
    actions.look_for_services(refs=refs, reason="the catalogue changed")


@receiver(scores_changed)
def look_back(sender: Any, repository_id: int, new: list[str], **kwargs: Any) -> None:
    if new:
        actions.look_back(repository_id=repository_id)
