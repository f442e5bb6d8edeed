"""Search over everything: services, squads, scaffolds, checks and pages, each asked of the app that knows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flagstone.accounts.models import User
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


SOURCES: tuple[tuple[str, Source], ...] = (("Pages", pages),)


def find(user: User, text: str) -> list[Group]:
    """Find what a text fits; no text lists the pages, so that an opened palette is not empty."""
    wanted = text.strip()[:LONGEST_QUERY]
    sources = SOURCES if wanted else (("Pages", pages),)
    groups = [Group(title, source(user, wanted)) for title, source in sources]
    return [group for group in groups if group.hits]
