"""Turns references into what a page shows of them, whether they exist or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flagstone.catalog.engine.refs import EntityRef, InvalidRef
from flagstone.catalog.models import Entity


@dataclass(frozen=True, slots=True)
class Linked:
    """A reference as a page shows it.

    Attributes:
        ref: canonical.
        label: what people call it; for one that does not exist, what was written.
        kind: lower case, as in the reference.
        type: `spec.type` of the entity, "" if there is none.
        exists: whether the catalogue has it. A reference into nothing is shown as such; it is no error.
    """

    ref: str
    label: str
    kind: str
    type: str = ""
    exists: bool = True


def link(refs: Iterable[str]) -> dict[str, Linked]:
    """Look up references all at once; those that name nothing are in the answer too."""
    wanted = {ref for ref in refs if ref}
    found = {
        entity.ref: _existing(entity)
        for entity in Entity.objects.filter(ref__in=wanted).only(
            "ref", "kind", "name", "title", "type", "spec"
        )
    }
    return {ref: found.get(ref) or _dangling(ref) for ref in sorted(wanted)}


def _existing(entity: Entity) -> Linked:
    return Linked(entity.ref, entity.display_name, entity.kind.lower(), entity.type)


def _dangling(ref: str) -> Linked:
    try:
        parsed = EntityRef.parse(ref)
    except InvalidRef:
        return Linked(ref, ref, "", exists=False)
    return Linked(ref, parsed.short(default_kind=parsed.kind), parsed.kind.lower(), exists=False)
