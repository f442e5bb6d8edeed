"""The list of runs: one's own, or everybody's."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from flagstone.accounts.models import User
from flagstone.scaffolding.models import ScaffoldRun
from flagstone.scaffolding.selectors import list_runs


@dataclass(frozen=True, slots=True)
class RunTab:
    title: str
    url: str
    count: int
    current: bool


def runs_for(user: User, *, mine: bool) -> QuerySet[ScaffoldRun]:
    """Return the runs that a person asked for, or all of them, the newest first."""
    return list_runs().filter(requested_by=user) if mine else list_runs()


def run_tabs(user: User, *, mine: bool) -> list[RunTab]:
    return [
        RunTab("Mine", "?of=mine", runs_for(user, mine=True).count(), mine),
        RunTab("Everybody's", "?of=all", runs_for(user, mine=False).count(), not mine),
    ]
