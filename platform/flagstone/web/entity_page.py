"""The page of an entity: its header and tabs, and what each tab shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.urls import reverse
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may
from flagstone.catalog import selectors as catalog
from flagstone.catalog.models import Entity
from flagstone.catalog.selectors import Criteria, EntityDetail
from flagstone.core.models import AuditEntry
from flagstone.core.selectors import audit_of
from flagstone.delivery import selectors as delivery
from flagstone.delivery.models import Rollback
from flagstone.delivery.places import place_of
from flagstone.forge.models import PullRequest
from flagstone.reviews.selectors import Row
from flagstone.scorecards import selectors as scorecards
from flagstone.scorecards.models import CheckChange, CheckResult, ServiceScore
from flagstone.scorecards.selectors import NextBest
from flagstone.web import boards
from flagstone.web.exemption_pages import row_of
from flagstone.web.graph import Drawing, Neighbour, draw
from flagstone.web.links import entity_url, source_url, with_query
from flagstone.web.service_pulls import CONCERNED, pulls_of

HISTORY = timedelta(weeks=6)
FEW = 5
# a squad or a system with more services than this has the rest in the catalogue
LISTED = 30
MANY = 50


class Tab(StrEnum):
    OVERVIEW = ""
    SCORECARDS = "scorecards"
    DEPENDENCIES = "dependencies"
    PULLS = "pulls"
    HISTORY = "history"


_TITLES = {
    Tab.OVERVIEW: "Overview",
    Tab.SCORECARDS: "Scorecards",
    Tab.DEPENDENCIES: "Dependencies",
    Tab.PULLS: "Pull requests",
    Tab.HISTORY: "History",
}
_ONLY_SERVICES = {Tab.SCORECARDS, Tab.PULLS}


@dataclass(frozen=True, slots=True)
class TabLink:
    title: str
    url: str
    current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A service with its score, for lists of services."""

    entity: Entity
    score: ServiceScore | None


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above every tab; `version` changes when any of it does."""

    detail: EntityDetail
    score: ServiceScore | None
    tabs: list[TabLink]
    is_checking: bool
    may_check: bool
    rollback: Rollback | None = None
    may_roll_back: bool = False

    @property
    def entity(self) -> Entity:
        return self.detail.entity

    @property
    def source_url(self) -> str:
        """Return the page of its catalogue file, where that is in a repository."""
        repository = self.entity.location.repository
        if repository is None:
            return ""
        source = self.detail.source
        return source_url(repository, source.path, commit=source.commit, line=source.line)

    @property
    def version(self) -> str:
        moved = self.score.changed_at.timestamp() if self.score else 0
        rollback = f"{self.rollback.pk}-{self.rollback.state}" if self.rollback else ""
        changed = self.entity.changed_at.timestamp()
        return f"{changed:.6f}-{moved:.6f}-{int(self.is_checking)}{rollback}"


@dataclass(frozen=True, slots=True)
class Section:
    """Checks that stand alike; a closed section is opened by whom it concerns."""

    title: str
    note: str
    results: list[CheckResult]
    is_open: bool = True


def header(user: User, ref: str, tab: Tab) -> Header:
    """Read what stands above every tab of an entity."""
    detail = catalog.detail(user, ref)
    entity = detail.entity
    score = scorecards.score_of(entity) if entity.is_service else None
    titles = _TITLES if entity.is_service else _TITLES | {Tab.DEPENDENCIES: "Relations"}
    tabs = [
        TabLink(title, entity_url(entity.ref, each.value), each is tab)
        for each, title in titles.items()
        if entity.is_service or each not in _ONLY_SERVICES
    ]
    return Header(
        detail=detail,
        score=score,
        tabs=tabs,
        is_checking=entity.is_service and scorecards.pending_evaluation() is not None,
        may_check=entity.is_service and may(user, "scorecards.check_now"),
        rollback=delivery.live_rollback(entity) if entity.is_service else None,
        may_roll_back=place_of(entity) is not None and may(user, "delivery.roll_back"),
    )


def content(user: User, head: Header, tab: Tab) -> dict[str, Any]:
    """Read what one tab shows."""
    return _CONTENT[tab](user, head)


def scored(services: Iterable[Entity]) -> list[Scored]:
    """Put services beside their scores, the lowest first; those without one come last."""
    rows = list(services)
    scores = scorecards.scores_of(rows)
    lines = [Scored(entity, scores.get(entity.pk)) for entity in rows]
    return sorted(lines, key=lambda line: (*_rank(line.score), line.entity.name_key))


def _rank(score: ServiceScore | None) -> tuple[bool, int]:
    value = score.score if score else None
    return (value is None, value or 0)


@dataclass(frozen=True, slots=True)
class Overview:
    services: list[Scored] = field(default_factory=list)
    all_services: int = 0
    elsewhere: str = ""
    members: list[catalog.Linked] = field(default_factory=list)
    next_best: NextBest | None = None
    changes: Sequence[CheckChange] = ()
    pulls: list[PullRequest] = field(default_factory=list)
    trend: list[int | None] = field(default_factory=list)
    standing: Row | None = None


# relations that have a card of their own
_SHOWN_ABOVE = {"Group": {"hasMember", "ownerOf"}, "System": {"hasPart"}}


@dataclass(frozen=True, slots=True)
class Definition:
    """What an API looks like; the path tells the highlighter which language it is."""

    text: str
    path: str


def _overview(user: User, head: Header) -> dict[str, Any]:
    entity = head.entity
    match entity.kind:
        case "Component":
            shown = Overview(
                next_best=scorecards.next_best(entity),
                changes=list(scorecards.changes_of(entity, limit=FEW)),
                pulls=list(pulls_of(entity)[:FEW]),
                trend=_trend(entity),
            )
        case "Group":
            services = scored(catalog.services_of(entity.ref))
            shown = Overview(
                services=services[:LISTED],
                all_services=len(services),
                elsewhere=with_query(reverse("web:catalog"), squad=entity.ref),
                members=catalog.members_of(entity.ref),
                standing=boards.row_of(boards.board(), entity.ref),
            )
        case "System":
            parts = Criteria(kinds=("Component",), systems=(entity.ref,))
            services = scored(catalog.search(user, parts))
            shown = Overview(
                services=services[:LISTED],
                all_services=len(services),
                elsewhere=with_query(reverse("web:catalog"), system=entity.ref),
            )
        case _:
            shown = Overview()
    shown_above = _SHOWN_ABOVE.get(entity.kind, set())
    return {
        "overview": shown,
        "definition": _definition(entity),
        "relations": [group for group in head.detail.relations if group.type not in shown_above],
    }


def _definition(entity: Entity) -> Definition | None:
    """Return the definition that an API carries in its file."""
    spec = entity.spec if isinstance(entity.spec, dict) else {}
    text = spec.get("definition")
    if entity.kind != "API" or not isinstance(text, str):
        return None
    ending = {"openapi": "yaml", "asyncapi": "yaml", "grpc": "proto", "graphql": "graphql"}
    return Definition(text, f"{entity.name}.{ending.get(entity.type, 'txt')}")


def _trend(entity: Entity) -> list[int | None]:
    since = timezone.now().date() - HISTORY
    return [score for _, score in scorecards.history_of(entity, since)]


def _scorecards(user: User, head: Header) -> dict[str, Any]:
    results = scorecards.results_of(head.entity)
    today = timezone.now().date()
    return {
        "sections": _sections(results),
        "results": results,
        "next_best": scorecards.next_best(head.entity),
        "exemptions": [row_of(one, user, today) for one in scorecards.exemptions_of(head.entity)],
        "may_ask": may(user, "scorecards.request_exemption"),
    }


def _sections(results: list[CheckResult]) -> list[Section]:
    def of(*states: str) -> list[CheckResult]:
        return [result for result in results if result.state in states]

    sections = [
        Section("To mend", "each says where, why it matters and how", of("fail", "error")),
        Section("No data", "counts as nothing earned", of("no_data")),
        Section("Close to the line", "holds, but not by much", of("warn")),
        Section("Left out of the sum", "exempt, or enforced later", of("exempt", "upcoming")),
        Section("Holds", "", of("pass"), is_open=False),
        Section("Does not concern it", "out of the sum", of("not_applicable"), is_open=False),
    ]
    return [section for section in sections if section.results]


def _dependencies(user: User, head: Header) -> dict[str, Any]:
    entity = head.entity
    graph = catalog.dependency_graph(user, entity.ref, depth=1)
    nodes = {node.ref: node for node in graph.nodes}
    uses = [_neighbour(nodes[e.target]) for e in graph.edges if e.source == entity.ref]
    used_by = [_neighbour(nodes[e.source]) for e in graph.edges if e.target == entity.ref]
    drawing: Drawing | None = None
    if uses or used_by:
        drawing = draw(entity.display_name, entity.type or entity.kind, used_by, uses)
    return {"drawing": drawing, "relations": head.detail.relations}


def _neighbour(linked: catalog.Linked) -> Neighbour:
    note = linked.type or linked.kind
    if not linked.exists:
        return Neighbour(linked.label, f"{note}, not in the catalogue")
    return Neighbour(linked.label, note, entity_url(linked.ref))


def _pulls(user: User, head: Header) -> dict[str, Any]:
    return {"pulls": list(pulls_of(head.entity)[:MANY]), "concerned": CONCERNED}


def _history(user: User, head: Header) -> dict[str, Any]:
    entity = head.entity
    return {
        "changes": list(scorecards.changes_of(entity, limit=MANY)) if entity.is_service else [],
        "rollbacks": list(delivery.rollbacks_of(entity)[:FEW]) if entity.is_service else [],
        "trend": _trend(entity) if entity.is_service else [],
        "acts": _acts(user, entity),
    }


def _acts(user: User, entity: Entity) -> list[AuditEntry] | None:
    """Return what was done to it, for those who may read the audit trail."""
    return audit_of(entity.ref, limit=MANY) if may(user, "audit.read") else None


_CONTENT = {
    Tab.OVERVIEW: _overview,
    Tab.SCORECARDS: _scorecards,
    Tab.DEPENDENCIES: _dependencies,
    Tab.PULLS: _pulls,
    Tab.HISTORY: _history,
}
