"""Everything that the page of one entity shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from flagstone.catalog.engine.targets import is_url
from flagstone.catalog.errors import EntityNotFound
from flagstone.catalog.models import Entity, Relation
from flagstone.catalog.selectors.linking import Linked, link

# what the entity is to the others, in the order shown; an unknown relation comes last under its own name
_LABELS = {
    "ownedBy": "Owned by",
    "partOf": "Part of",
    "hasPart": "Parts",
    "providesApi": "Provides",
    "consumesApi": "Consumes",
    "apiProvidedBy": "Provided by",
    "apiConsumedBy": "Consumed by",
    "dependsOn": "Depends on",
    "dependencyOf": "Needed by",
    "childOf": "Belongs to",
    "parentOf": "Sub-groups",
    "memberOf": "Member of",
    "hasMember": "Members",
    "ownerOf": "Owns",
}


@dataclass(frozen=True, slots=True)
class RelationGroup:
    """All that stand in one relation to the entity."""

    type: str
    label: str
    items: list[Linked]


@dataclass(frozen=True, slots=True)
class SourceLink:
    """Where the entity is written: `url` is None unless it was read from an address."""

    location_id: int
    place: str
    path: str
    line: int
    commit: str
    url: str | None


@dataclass(frozen=True, slots=True)
class EntityDetail:
    """One entity with what surrounds it; `owner` and `system` are among the relations too."""

    entity: Entity
    owner: Linked | None
    system: Linked | None
    relations: list[RelationGroup]
    status_items: list[dict[str, Any]]
    source: SourceLink


def get_entity(user: AbstractBaseUser | AnonymousUser, ref: str) -> Entity:
    """Return one entity by its reference, in any case.

    Raises:
        EntityNotFound: if there is none, or this person may not see it.
    """
    found = Entity.objects.visible_to(user).by_name(ref)
    entity = found.select_related("location__repository").first()
    if entity is None:
        raise EntityNotFound(
            f"The catalogue has no {ref}. It may be called otherwise, or its location is not registered.",
            ref=ref,
        )
    return entity


def detail(user: AbstractBaseUser | AnonymousUser, ref: str) -> EntityDetail:
    """Return what the page of an entity shows.

    Raises:
        EntityNotFound: as `get_entity`.
    """
    entity = get_entity(user, ref)
    edges = Relation.objects.filter(source_ref=entity.ref).values_list("type", "target_ref")
    by_type: dict[str, set[str]] = {}
    for kind, target in edges:
        by_type.setdefault(kind, set()).add(target)
    links = link(
        [entity.owner_ref, entity.system_ref, *(ref for refs in by_type.values() for ref in refs)]
    )
    order = {kind: position for position, kind in enumerate(_LABELS)}
    groups = [
        RelationGroup(
            kind,
            _LABELS.get(kind, kind),
            sorted(
                (links[target] for target in targets), key=lambda linked: linked.label.casefold()
            ),
        )
        for kind, targets in sorted(
            by_type.items(), key=lambda item: order.get(item[0], len(order))
        )
    ]
    return EntityDetail(
        entity,
        links.get(entity.owner_ref),
        links.get(entity.system_ref),
        groups,
        entity.status_items,
        _source(entity),
    )


def _source(entity: Entity) -> SourceLink:
    location, path = entity.location, entity.source_path
    return SourceLink(
        location.pk,
        str(location),
        path,
        entity.source_line,
        location.commit,
        path if is_url(path) else None,
    )
