"""The catalogue page: what its address asks for, and everything that it shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from flagstone.accounts.models import User
from flagstone.catalog import selectors as catalog
from flagstone.catalog.selectors import Criteria, Order
from flagstone.catalog.selectors.searching import PAGE_SIZE
from flagstone.scorecards import selectors as scorecards
from flagstone.scorecards.models import ServiceScore
from flagstone.web.links import with_query
from flagstone.web.paging import Paging, page_number

SERVICES, EVERYTHING = "Component", "all"
LONGEST_TEXT = 200
# name in the address, and field of the criteria
FACETS = {"squad": "squads", "system": "systems", "lifecycle": "lifecycles", "tier": "tiers"}
LEVEL = "level"
NO_LEVEL = "none"

KINDS = {
    SERVICES: "Services",
    "API": "APIs",
    "Resource": "Resources",
    "System": "Systems",
    "Domain": "Domains",
    "Group": "Groups",
    "User": "People",
}
# what only the catalogue itself works with has no tab of its own
PLUMBING = {"Location", "Template"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address of the catalogue asks for."""

    text: str = ""
    kind: str = SERVICES
    facets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    order: Order = Order.BEST
    page: int = 1

    @classmethod
    def of(cls, query: QueryDict) -> Wanted:
        order = query.get("order", "")
        return cls(
            text=query.get("q", "").strip()[:LONGEST_TEXT],
            kind=query.get("kind") or SERVICES,
            facets=tuple(
                (name, tuple(filter(None, query.getlist(name)))) for name in (*FACETS, LEVEL)
            ),
            order=Order(order) if order in list(Order) else Order.BEST,
            page=page_number(query.get("page", "")),
        )

    def chosen(self, name: str) -> tuple[str, ...]:
        return dict(self.facets).get(name, ())

    @property
    def is_filtered(self) -> bool:
        return bool(self.text) or any(values for _, values in self.facets)

    @property
    def criteria(self) -> Criteria:
        """Everything but the level, which the catalogue does not know."""
        return Criteria(
            text=self.text,
            kinds=() if self.kind == EVERYTHING else (self.kind,),
            order=self.order,
            **{field: self.chosen(name) for name, field in FACETS.items()},
        )

    def url(self, **changes: Any) -> str:
        """Return the address of this page with some of it changed; the page starts over."""
        return with_query(reverse("web:catalog"), **(self._query() | {"page": ""} | changes))

    def without(self, name: str, value: str) -> str:
        """Return the address with one choice taken back."""
        return self.url(**{name: [kept for kept in self.chosen(name) if kept != value]})

    def _query(self) -> dict[str, Any]:
        return {
            "q": self.text,
            "kind": "" if self.kind == SERVICES else self.kind,
            **{name: list(values) for name, values in self.facets},
            "order": "" if self.order is Order.BEST else self.order.value,
            "page": self.page if self.page > 1 else "",
        }

    @property
    def here(self) -> str:
        return with_query(reverse("web:catalog"), **self._query())

    @property
    def cleared(self) -> str:
        return Wanted(kind=self.kind).here

    @property
    def by_name(self) -> str:
        return self.url(order=Order.NAME.value)

    @property
    def by_owner(self) -> str:
        return self.url(order=Order.OWNER.value)

    @property
    def by_change(self) -> str:
        return self.url(order=Order.CHANGED.value)


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    count: int
    chosen: bool
    undo: str


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing to filter by, as `components/facet.html` shows it."""

    name: str
    title: str
    options: list[Option]

    @property
    def open(self) -> bool:
        few = len(self.options) <= 8
        return few or self.name == "squad" or any(option.chosen for option in self.options)


@dataclass(frozen=True, slots=True)
class KindTab:
    title: str
    url: str
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One entity of the list with its score, if it has one."""

    row: catalog.Row
    score: ServiceScore | None


@dataclass(frozen=True, slots=True)
class CataloguePage:
    wanted: Wanted
    tabs: list[KindTab]
    facets: list[Facet]
    lines: list[Line]
    paging: Paging

    @property
    def chips(self) -> list[tuple[str, Option]]:
        return [(f.title, option) for f in self.facets for option in f.options if option.chosen]

    @property
    def has_levels(self) -> bool:
        return self.wanted.kind in {SERVICES, EVERYTHING}

    @property
    def has_systems(self) -> bool:
        return any(line.row.system for line in self.lines)

    @property
    def has_lifecycles(self) -> bool:
        return any(line.row.entity.lifecycle for line in self.lines)


def catalogue_page(user: User, wanted: Wanted) -> CataloguePage:
    """Read everything that one page of the catalogue shows."""
    criteria = _within_levels(wanted)
    found = catalog.catalog_page(user, criteria, number=wanted.page)
    scores = scorecards.scores_of([row.entity for row in found.rows])
    counted = catalog.facets(user, criteria)
    return CataloguePage(
        wanted=wanted,
        tabs=_tabs(wanted, counted),
        facets=[*_facets(wanted, counted), *_levels(user, wanted)],
        lines=[Line(row, scores.get(row.entity.pk)) for row in found.rows],
        paging=Paging(found.number, found.pages, found.total, PAGE_SIZE),
    )


def _within_levels(wanted: Wanted) -> Criteria:
    levels = wanted.chosen(LEVEL)
    if not levels:
        return wanted.criteria
    names = ["" if name == NO_LEVEL else name for name in levels]
    return replace(wanted.criteria, refs=scorecards.refs_at_levels(names))


def _tabs(wanted: Wanted, counted: list[catalog.Facet]) -> list[KindTab]:
    counts = {v.value: v.count for facet in counted if facet.field == "kinds" for v in facet.values}
    others = sorted(kind for kind in counts if kind not in KINDS and kind not in PLUMBING)
    tabs = [
        KindTab(
            KINDS.get(kind, kind), wanted.url(kind=kind), counts.get(kind, 0), kind == wanted.kind
        )
        for kind in (*KINDS, *others)
        if counts.get(kind) or kind in {SERVICES, wanted.kind}
    ]
    everything = wanted.kind == EVERYTHING
    return [*tabs, KindTab("All", wanted.url(kind=EVERYTHING), sum(counts.values()), everything)]


def _facets(wanted: Wanted, counted: list[catalog.Facet]) -> list[Facet]:
    by_field = {facet.field: facet for facet in counted}
    return [
        Facet(
            name,
            by_field[field].label,
            [
                Option(v.value, v.label, v.count, v.chosen, wanted.without(name, v.value))
                for v in by_field[field].values
            ],
        )
        for name, field in FACETS.items()
        if by_field[field].values
    ]


def _levels(user: User, wanted: Wanted) -> list[Facet]:
    """Count the levels within everything else that was chosen, as the other facets are counted."""
    if wanted.kind not in {SERVICES, EVERYTHING}:
        return []
    counts = scorecards.level_counts(catalog.search(user, wanted.criteria))
    known = [(level.name, level.title) for level in reversed(scorecards.levels())]
    options = [
        Option(
            name or NO_LEVEL,
            title,
            counts.get(name, 0),
            (name or NO_LEVEL) in wanted.chosen(LEVEL),
            wanted.without(LEVEL, name or NO_LEVEL),
        )
        for name, title in (*known, ("", "No level"))
    ]
    return [Facet(LEVEL, "Level", options)]
