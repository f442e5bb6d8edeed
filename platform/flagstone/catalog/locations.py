"""Making a place known: checked, stored once, and written down; whoever is due for reading finds it in its row."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from flagstone.accounts.models import User
from flagstone.catalog.engine.targets import Refused, is_url, lead
from flagstone.catalog.errors import LocationInvalid, LocationTaken, LocationUnreadable
from flagstone.catalog.models import PATH_LENGTH, Location, LocationType
from flagstone.catalog.sources import place_on_disk
from flagstone.core import audit
from flagstone.forge.models import Repository


def add_location(*, actor: User | None, path: str, repository: Repository | None) -> Location:
    """Store a place; a sweep has it read within a minute.

    Raises:
        LocationInvalid: The place cannot be read at all.
        LocationTaken: It is registered.
    """
    location = checked_location(path, repository)
    location.registered_by = actor
    try:
        with transaction.atomic():
            location.save(force_insert=True)
            audit.record(
                actor=actor,
                action="catalog.location_registered",
                subject=f"location:{location.pk}",
                data={"type": location.type, "place": str(location)},
            )
    except IntegrityError as error:
        raise LocationTaken(
            f"{location} is registered already. To have it read again, refresh it.",
            place=str(location),
        ) from error
    return location


def checked_location(path: str, repository: Repository | None) -> Location:
    path = path.strip()
    if len(path) > PATH_LENGTH:
        raise LocationInvalid(f"The path has {len(path)} characters; {PATH_LENGTH} is the most.")
    try:
        if repository is None:
            place_on_disk(path)
            return Location(type=LocationType.FILE, path=path)
        inside = lead("", path)
    except (LocationUnreadable, Refused) as reason:
        raise LocationInvalid(f'"{path}" cannot be registered: {reason}', path=path) from reason
    if is_url(inside):
        raise LocationInvalid(
            f"{path} is an address; write the path inside {repository}.", path=path
        )
    return Location(type=LocationType.GIT, path=inside, repository=repository)
