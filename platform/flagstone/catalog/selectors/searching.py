"""Search as you type, filters, order and pages of the catalogue."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from flagstone.catalog.models import Entity, EntityQuerySet, Relation
from flagstone.catalog.selectors.linking import Linked, link

PAGE_SIZE = 50
_MAX_PAGE_SIZE = 200


class Order(StrEnum):
    """How a list is ordered; `best` is by how well the text matches, then by name."""

    BEST = "best"
    NAME = "name"
    CHANGED = "changed"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a list of entities is narrowed to; within a field any of the values will do.

    Attributes:
        text: every word must occur, in any case.
        squads: canonical references of owners.
        systems: canonical references.
        refs: only these entities; for what other apps know, such as a level.
    """

    text: str = ""
    kinds: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    squads: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    lifecycles: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    refs: Collection[str] | None = None
    order: Order = Order.BEST

    def without(self, field: str) -> Criteria:
        """The same, one field left open: what the counts of that facet are taken from."""
        change: dict[str, Any] = {field: ()}
        return replace(self, **change)


COLUMNS = {
    "kinds": "kind",
    "types": "type",
    "squads": "owner_ref",
    "systems": "system_ref",
    "lifecycles": "lifecycle",
    "tiers": "tier",
}
_ORDERS = {
    Order.NAME: ("name_key", "ref"),
    Order.CHANGED: ("-changed_at", "ref"),
    Order.OWNER: ("owner_ref", "name_key", "ref"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: the entity, its owner (of a person: the squad) and its system, as shown."""

    entity: Entity
    owner: Linked | None
    system: Linked | None


@dataclass(frozen=True, slots=True)
class CatalogPage:
    """One page of a list; `total` counts all pages."""

    rows: list[Row]
    total: int
    number: int
    pages: int


def search(user: AbstractBaseUser | AnonymousUser, criteria: Criteria) -> EntityQuerySet:
    """Return the matching entities in their order, without the columns that lists do not show."""
    found = narrowed(user, criteria).for_lists()
    order = _ORDERS.get(criteria.order)
    return found.order_by(*order) if order else found


def narrowed(user: AbstractBaseUser | AnonymousUser, criteria: Criteria) -> EntityQuerySet:
    """Return the matching entities, the best match first."""
    found = Entity.objects.visible_to(user).matching(criteria.text)
    for field, column in COLUMNS.items():
        values = getattr(criteria, field)
        if values:
            found = found.filter(**{f"{column}__in": values})
    if criteria.tags:
        found = found.filter(tags__overlap=list(criteria.tags))
    return found if criteria.refs is None else found.filter(ref__in=list(criteria.refs))


def catalog_page(
    user: AbstractBaseUser | AnonymousUser,
    criteria: Criteria,
    *,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> CatalogPage:
    """Return one page of a search; a number past the end gives the last page."""
    size = min(max(size, 1), _MAX_PAGE_SIZE)
    total = narrowed(user, criteria).order_by().count()
    pages = max(1, -(-total // size))
    number = min(max(number, 1), pages)
    first = (number - 1) * size
    entities = list(search(user, criteria)[first : first + size])
    owners = {e.ref: e.owner_ref for e in entities} | _squads_of_people(entities)
    links = link([*owners.values(), *(e.system_ref for e in entities)])
    rows = [Row(e, links.get(owners[e.ref]), links.get(e.system_ref)) for e in entities]
    return CatalogPage(rows, total, number, pages)


def _squads_of_people(entities: Collection[Entity]) -> dict[str, str]:
    people = [e.ref for e in entities if e.kind == "User"]
    if not people:
        return {}
    memberships = Relation.objects.filter(source_ref__in=people, type="memberOf")
    return dict(memberships.order_by("-target_ref").values_list("source_ref", "target_ref"))
