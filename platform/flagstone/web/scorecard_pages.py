"""The pages of scorecards and checks: what their addresses ask for, and what they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from flagstone.accounts.models import User
from flagstone.catalog import selectors as catalog
from flagstone.core.errors import NotFound
from flagstone.scorecards import selectors as scorecards
from flagstone.scorecards.engine.states import State
from flagstone.scorecards.models import CheckResult, Scorecard
from flagstone.scorecards.selectors import Level, MatrixRow
from flagstone.web.check_texts import CheckStanding, CheckText, Column, find_check
from flagstone.web.links import with_query
from flagstone.web.paging import Paging, page_number

ROWS = 40
STATES = tuple(state.value for state in State)


@dataclass(frozen=True, slots=True)
class Card:
    """A scorecard as the list of scorecards shows it."""

    scorecard: Scorecard
    counts: Mapping[str, int]
    failing: list[CheckStanding]

    @property
    def services(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class MatrixPage:
    """The matrix of services and checks, one stretch of it."""

    columns: list[Column]
    rows: list[MatrixRow]
    squads: list[tuple[str, str]]
    squad: str
    check_id: str
    state: str
    paging: Paging

    @property
    def is_filtered(self) -> bool:
        return bool(self.squad or (self.check_id and self.state))

    @property
    def lines(self) -> list[tuple[MatrixRow, list[str]]]:
        """Pair every row with its states in the order of the columns."""
        ids = [column.check.id for column in self.columns]
        return [(row, [row.states.get(check_id, "") for check_id in ids]) for row in self.rows]

    @property
    def all_states(self) -> tuple[str, ...]:
        return STATES


@dataclass(frozen=True, slots=True)
class StateTab:
    """Services in one state of a check."""

    state: str
    count: int
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class CheckPage:
    check: CheckText
    level: Level | None
    counts: Mapping[str, int]
    tabs: list[StateTab]
    results: list[CheckResult]
    paging: Paging


def scorecard(slug: str) -> Scorecard:
    found = scorecards.scorecards().filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no scorecard {slug}. It may have been renamed in its file.")
    return found


def cards(user: User) -> list[Card]:
    """List every scorecard with how the services stand on it."""
    everything = catalog.search(user, catalog.Criteria(kinds=("Component",)))
    return [
        Card(
            found,
            scorecards.level_counts(everything, found.slug),
            sorted(_standings(found.slug), key=lambda one: -one.failing)[:3],
        )
        for found in scorecards.scorecards()
    ]


def summaries_by_level(slug: str) -> list[tuple[Level, list[CheckStanding]]]:
    """Group the checks of a scorecard by the level that asks for them, the lowest first."""
    summaries = _standings(slug)
    return [
        (level, [one for one in summaries if one.level == level.name])
        for level in scorecards.levels(slug)
    ]


def matrix_page(user: User, slug: str, query: QueryDict) -> MatrixPage:
    squad, check_id, state = (query.get(name, "") for name in ("squad", "check", "state"))
    state = state if state in STATES else ""
    owners = (squad,) if squad else ()
    total = scorecards.matrix_size(slug, owner_refs=owners, check_id=check_id, state=state)
    pages = max(1, -(-total // ROWS))
    number = min(page_number(query.get("page", "")), pages)
    rows = scorecards.matrix(
        slug,
        owner_refs=owners,
        check_id=check_id,
        state=state,
        first=(number - 1) * ROWS,
        limit=ROWS,
    )
    columns = [
        Column(CheckText.of(check), level.name) for check, level in scorecards.checks_of(slug)
    ]
    squads = [(one.ref, one.name) for one in catalog.squads(user)]
    return MatrixPage(
        columns, rows, squads, squad, check_id, state, Paging(number, pages, total, ROWS)
    )


def check_page(slug: str, check_id: str, url: str, query: QueryDict) -> CheckPage:
    check = find_check(check_id)
    if check is None:
        raise NotFound(f"There is no check {check_id}. Ids are permanent, so it never was one.")
    counts = scorecards.check_counts(check_id, slug)
    wanted = query.get("state", "")
    state = wanted if wanted in counts else ""
    total = counts[state] if state else sum(counts.values())
    pages = max(1, -(-total // ROWS))
    number = min(page_number(query.get("page", "")), pages)
    results = scorecards.results_of_check(
        check_id, slug, state=state, first=(number - 1) * ROWS, limit=ROWS
    )
    tabs = [StateTab("", sum(counts.values()), url, not state)]
    tabs += [
        StateTab(name, count, with_query(url, state=name), name == state)
        for name, count in counts.items()
    ]
    asks = results[0].level if results else ""
    level = next((level for level in scorecards.levels(slug) if level.name == asks), None)
    return CheckPage(check, level, counts, tabs, results, Paging(number, pages, total, ROWS))


def _standings(slug: str) -> list[CheckStanding]:
    return [CheckStanding.of(summary) for summary in scorecards.check_summaries(slug)]
