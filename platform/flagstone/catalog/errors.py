"""What can go wrong with the places that the catalogue reads, in words for people."""

from __future__ import annotations

from flagstone.core.errors import Conflict, NotFound, UserError


class LocationInvalid(UserError):
    """A place that cannot be registered as it was given."""

    default_code = "catalog.location_invalid"


class LocationTaken(Conflict):
    """The same place was registered before."""

    default_code = "catalog.location_taken"


class LocationUnreadable(UserError):
    """A registered place that gives nothing now: gone, empty, or not allowed any more."""

    default_code = "catalog.location_unreadable"


class EntityNotFound(NotFound):
    """There is no entity of that name, or this person may not see it."""

    default_code = "catalog.entity_not_found"
