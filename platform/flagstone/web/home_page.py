"""Home: my squad, what waits, what to do next, what I started."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.catalog import selectors as catalog
from flagstone.catalog.models import Entity
from flagstone.catalog.selectors import Squad
from flagstone.core.models import Job
from flagstone.forge.models import PullRequest
from flagstone.reviews import selectors as leaderboard
from flagstone.scorecards import selectors as scorecards
from flagstone.scorecards.selectors import NextBest
from flagstone.web import boards, notifications
from flagstone.web.entity_page import LISTED, Scored, scored
from flagstone.web.links import with_query
from flagstone.web.service_pulls import waiting_for_review

RUNS = 5
NEXT_STEPS = 3


@dataclass(frozen=True, slots=True)
class SquadTab:
    title: str
    url: str
    current: bool
    count: int


@dataclass(frozen=True, slots=True)
class SquadHome:
    """Everything about one squad that Home shows."""

    squad: Squad
    tabs: list[SquadTab]
    standing: leaderboard.Row | None
    ranked: int
    services: list[Scored]
    waiting: list[PullRequest]
    next_steps: list[tuple[Entity, NextBest]]


def squad_home(user: User, wanted: str, url: str) -> SquadHome | None:
    """Read the page of the squad asked for, or of the first; None for somebody without a squad."""
    mine = catalog.squads_of(user)
    if not mine:
        return None
    squad = next((one for one in mine if one.ref == wanted), mine[0])
    services = list(catalog.services_of(squad.ref))
    board = boards.board()
    return SquadHome(
        squad=squad,
        tabs=[
            SquadTab(one.name, with_query(url, squad=one.ref), one is squad, one.services)
            for one in mine
        ],
        standing=boards.row_of(board, squad.ref),
        ranked=len(board.ranked),
        services=scored(services)[:LISTED],
        waiting=waiting_for_review(services, timezone.now()),
        next_steps=scorecards.next_best_among(services, most=NEXT_STEPS),
    )


def version() -> str:
    """Tell one state of Home from the next, as far as scores go."""
    return leaderboard.version()


def runs(user: User) -> list[tuple[Job, str]]:
    """List the newest jobs that a person asked for, each with its page."""
    return [(job, notifications.page_of(job)) for job in notifications.recent_jobs(user)[:RUNS]]
