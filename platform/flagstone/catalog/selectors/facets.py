"""The facets of a search: what it could be narrowed to, and how much each choice would leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count

from flagstone.catalog.selectors.linking import Linked, link
from flagstone.catalog.selectors.searching import COLUMNS, Criteria, narrowed

# field of the criteria, and what people call it; in the order shown
_FACETS = {
    "kinds": "Kind",
    "squads": "Squad",
    "systems": "System",
    "lifecycles": "Lifecycle",
    "tiers": "Tier",
}
_REFERENCES = ("squads", "systems")


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A choice: `exists` is False for a squad or system that the catalogue does not have."""

    value: str
    label: str
    count: int
    chosen: bool
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Facet:
    """`field` is the field of `Criteria` that the choices belong to."""

    field: str
    label: str
    values: list[FacetValue]


def facets(user: AbstractBaseUser | AnonymousUser, criteria: Criteria) -> list[Facet]:
    """Count each choice within everything else that was chosen, the most frequent first.

    A choice that was made stays in its facet even if nothing matches it any more.
    """
    counts = _counts(user, criteria)
    links = link(ref for field in _REFERENCES for ref in counts[field])
    return [
        Facet(
            field,
            label,
            _values(counts[field], getattr(criteria, field), links if field in _REFERENCES else {}),
        )
        for field, label in _FACETS.items()
    ]


def _counts(user: AbstractBaseUser | AnonymousUser, criteria: Criteria) -> dict[str, Counter[str]]:
    """Count all facets in one pass: an entity counts for a facet if no other facet leaves it out."""
    chosen = {field: frozenset(getattr(criteria, field)) for field in _FACETS}
    counts = {field: Counter(dict.fromkeys(values, 0)) for field, values in chosen.items()}
    unfaceted = replace(criteria, kinds=(), squads=(), systems=(), lifecycles=(), tiers=())
    combinations = (
        narrowed(user, unfaceted)
        .order_by()
        .values_list(*(COLUMNS[field] for field in _FACETS))
        .annotate(count=Count("pk"))
    )
    for *values, count in combinations:
        held = dict(zip(_FACETS, values, strict=True))
        missed = [field for field, wanted in chosen.items() if wanted and held[field] not in wanted]
        for field in _FACETS if not missed else missed[:1] if len(missed) == 1 else ():
            if held[field]:
                counts[field][held[field]] += count
    return counts


def _values(
    counts: Counter[str], chosen: Iterable[str], links: dict[str, Linked]
) -> list[FacetValue]:
    values = []
    for value, count in counts.items():
        linked = links.get(value)
        label, exists = (linked.label, linked.exists) if linked else (value, True)
        values.append(FacetValue(value, label, count, value in chosen, exists))
    return sorted(values, key=lambda choice: (-choice.count, choice.label.casefold(), choice.value))
