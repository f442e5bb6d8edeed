"""What people can do with the places that the catalogue reads."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.catalog.engine.faults import Problem
from flagstone.catalog.locations import add_location, checked_location
from flagstone.catalog.models import Entity, Location
from flagstone.catalog.pipeline import remove_location
from flagstone.catalog.reading import read_location
from flagstone.catalog.sources import FILE_NAME
from flagstone.catalog.tasks import ingest_location
from flagstone.core import audit
from flagstone.forge import actions as forge
from flagstone.forge.models import Repository


@dataclass(frozen=True, slots=True)
class PreviewedEntity:
    """An entity that would be registered; `holder` has its name already."""

    ref: str
    kind: str
    name: str
    path: str
    line: int
    holder: Entity | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a location would bring, and what is wrong in its files."""

    entities: list[PreviewedEntity]
    problems: list[Problem]


def register_location(
    *, actor: User | None, path: str = FILE_NAME, repository: Repository | None = None
) -> Location:
    """Register a place and have it read.

    Args:
        actor: Who does it; None for Flagstone itself.
        path: A file, or a pattern such as `services/*/catalog-info.yaml`. Without a repository it is an
            absolute path on disk, and may be a folder too.
        repository: Where the path is.

    Raises:
        Forbidden: The person may not.
        LocationInvalid: The place cannot be read at all.
        LocationTaken: It is registered.
    """
    if actor is not None:
        require(actor, "catalog.register")
    with transaction.atomic():
        location = add_location(actor=actor, path=path, repository=repository)
        ingest_location.delay_on_commit(location.pk)
    return location


def preview_location(
    *, actor: User, path: str = FILE_NAME, repository: Repository | None = None
) -> Preview:
    """Read a place as if it were registered, and store nothing.

    Raises:
        Forbidden: The person may not register locations.
        LocationInvalid: The place cannot be read at all.
        LocationUnreadable: There is nothing to read now.
        ForgeError: Its repository cannot be read.
    """
    require(actor, "catalog.register")
    found = read_location(checked_location(path, repository)).walk
    accepted = [(read.ref, read) for read in found.documents if read.accepted and read.ref]
    holders = {
        entity.ref: entity
        for entity in Entity.objects.filter(
            ref__in=[ref.canonical for ref, _ in accepted]
        ).select_related("location__repository")
    }
    entities = [
        PreviewedEntity(
            ref.canonical, ref.kind, ref.name, read.path, read.line, holders.get(ref.canonical)
        )
        for ref, read in accepted
    ]
    problems = [problem for read in found.documents for problem in read.problems]
    return Preview(entities, problems + found.problems)


@transaction.atomic
def refresh_location(*, actor: User, location: Location) -> None:
    """Have a location read again, soon."""
    require(actor, "catalog.refresh")
    audit.record(
        actor=actor,
        action="catalog.location_refreshed",
        subject=f"location:{location.pk}",
        data={"place": str(location)},
    )
    ingest_location.delay_on_commit(location.pk)


@transaction.atomic
def unregister_location(*, actor: User, location: Location) -> int:
    """Take a location out of the catalogue, with all entities that it holds; return how many."""
    require(actor, "catalog.unregister")
    place, key = str(location), location.pk
    refs = remove_location(location)
    audit.record(
        actor=actor,
        action="catalog.location_unregistered",
        subject=f"location:{key}",
        data={"place": place, "entities": len(refs)},
    )
    return len(refs)


@transaction.atomic
def unregister_repository(*, actor: User, repository: Repository) -> None:
    """Let go of a repository, and take all that was read from it out of the catalogue.

    Raises:
        Forbidden: The person may not.
        Conflict: Changes are under way in it, or records need it.
    """
    for location in repository.catalog_locations.all():
        unregister_location(actor=actor, location=location)
    forge.unregister_repository(actor=actor, repository=repository)
