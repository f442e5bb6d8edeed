"""Reads a location: opens it, walks it, and knows what was good there before."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.catalog.engine.walking import KnownLocation, Walk, walk
from flagstone.catalog.fetching import AllowedHosts
from flagstone.catalog.models import Entity, Location
from flagstone.catalog.sources import open_location


@dataclass(frozen=True, slots=True)
class Reading:
    """What a location holds now, and at which commit."""

    walk: Walk
    commit: str


def read_location(location: Location) -> Reading:
    """Read every document that a location leads to; nothing is stored.

    Raises:
        LocationUnreadable: if its folder is gone or not allowed any more.
        ForgeError: if its repository cannot be read.
    """
    opened = open_location(location)
    known = (
        Entity.objects.filter(location_id=location.pk, kind="Location", orphaned_at=None)
        .order_by("ref")
        .values_list("ref", "source_path", "spec")
    )
    last_good = [KnownLocation(ref, path, spec or {}) for ref, path, spec in known]
    found = walk(opened.source, opened.entry, fetcher=AllowedHosts(), last_good=last_good)
    return Reading(found, opened.commit)
