"""Search over everything: services, squads, scaffolds, checks and pages, each asked of the app that knows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may
from flagstone.catalog import selectors as catalog
from flagstone.catalog.selectors import Criteria
from flagstone.scaffolding.selectors import list_scaffolds
from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.selectors import PRODUCTION_READINESS
from flagstone.web.links import entity_url
from flagstone.web.navigation import places_for

PER_GROUP = 6
LONGEST_QUERY = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found, and where it is."""

    title: str
    note: str
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one sort."""

    title: str
    hits: list[Hit]


Source = Callable[[User, str], list[Hit]]


def pages(user: User, text: str) -> list[Hit]:
    wanted = text.lower()
    found = [place for place in places_for(user) if wanted in place.title.lower()]
    return [Hit(place.title, "page", place.url, place.icon) for place in found]


def services(user: User, text: str) -> list[Hit]:
    return _entities(user, text, ("Component", "API", "Resource"), "cube")


def squads(user: User, text: str) -> list[Hit]:
    return _entities(user, text, ("Group", "System", "Domain"), "user-group")


def people(user: User, text: str) -> list[Hit]:
    return _entities(user, text, ("User",), "user")


def _entities(user: User, text: str, kinds: tuple[str, ...], icon: str) -> list[Hit]:
    found = catalog.search(user, Criteria(text=text, kinds=kinds))[:PER_GROUP]
    return [
        Hit(one.display_name, one.type or one.kind.lower(), entity_url(one.ref), icon)
        for one in found
    ]


def checks(user: User, text: str) -> list[Hit]:
    words = text.lower().split()
    found = [
        check for check in REGISTRY if all(w in f"{check.id} {check.name}".lower() for w in words)
    ]
    slug = PRODUCTION_READINESS
    return [
        Hit(check.name, check.id, reverse("web:check", args=[slug, check.id]), "shield-check")
        for check in found[:PER_GROUP]
    ]


def scaffolds(user: User, text: str) -> list[Hit]:
    """Find scaffolds, for those who may use them."""
    if not may(user, "scaffolding.create"):
        return []
    words = text.lower().split()
    found = [
        one.scaffold
        for one in list_scaffolds()
        if all(word in f"{one.scaffold.id} {one.scaffold.title}".lower() for word in words)
    ]
    return [
        Hit(one.title, "scaffold", reverse("web:new-form", args=[one.id]), "plus-circle")
        for one in found[:PER_GROUP]
    ]


SOURCES: tuple[tuple[str, Source], ...] = (
    ("Services", services),
    ("Squads and systems", squads),
    ("Scaffolds", scaffolds),
    ("Checks", checks),
    ("Pages", pages),
    ("People", people),
)


def find(user: User, text: str) -> list[Group]:
    """Find what a text fits; no text lists the pages, so that an opened palette is not empty."""
    wanted = text.strip()[:LONGEST_QUERY]
    sources = SOURCES if wanted else (("Pages", pages),)
    groups = [Group(title, source(user, wanted)) for title, source in sources]
    return [group for group in groups if group.hits]
