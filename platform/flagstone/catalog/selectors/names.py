"""Whether a name is still free."""

from __future__ import annotations

from flagstone.catalog.engine.refs import EntityRef
from flagstone.catalog.models import Entity


def name_is_taken(kind: str, namespace: str, name: str) -> Entity | None:
    """Return the entity that has this name, whatever the case it is written in; None if it is free."""
    ref = EntityRef(kind, namespace, name).canonical
    return Entity.objects.filter(ref=ref).select_related("location__repository").first()
