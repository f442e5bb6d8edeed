"""What the catalogue does when a repository moved or a name became free: it only enqueues."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from flagstone.catalog.models import Location
from flagstone.catalog.signals import names_freed
from flagstone.catalog.tasks import ingest_location
from flagstone.forge.signals import repository_updated


@receiver(repository_updated)
def read_again(sender: Any, repository_id: int, branch: str, **kwargs: Any) -> None:
    """Read the locations in a repository whose default branch moved."""
    locations = Location.objects.filter(
        repository_id=repository_id, repository__default_branch=branch
    )
    for location_id in locations.values_list("pk", flat=True):
        ingest_location.delay_on_commit(location_id)


@receiver(names_freed)
def give_to_the_next(sender: Any, refs: list[str], **kwargs: Any) -> None:
    """Read those locations again that were refused one of the names."""
    for location_id in Location.objects.claiming(refs).values_list("pk", flat=True):
        ingest_location.delay_on_commit(location_id)
