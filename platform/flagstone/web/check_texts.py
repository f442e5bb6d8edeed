"""Checks as templates show them (a template would call the check itself, for it is callable)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.registry import Check
from flagstone.scorecards.engine.states import State
from flagstone.scorecards.selectors import CheckSummary


@dataclass(frozen=True, slots=True)
class CheckText:
    """What a check says of itself."""

    id: str
    name: str
    severity: str
    rule: str
    why: str
    remedy: str
    not_applicable: str
    no_data: str
    is_policy: bool

    @classmethod
    def of(cls, check: Check) -> CheckText:
        return cls(
            id=check.id,
            name=check.name,
            severity=check.severity.label,
            rule=check.rule,
            why=check.why,
            remedy=check.remedy,
            not_applicable=check.not_applicable,
            no_data=check.no_data,
            is_policy=check.policy,
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A check as the head of a column: `level` is the one that asks for it."""

    check: CheckText
    level: str


@dataclass(frozen=True, slots=True)
class CheckStanding:
    """How one check stands over all services."""

    check: CheckText
    level: str
    counts: Mapping[str, int]

    @classmethod
    def of(cls, summary: CheckSummary) -> CheckStanding:
        return cls(CheckText.of(summary.check), summary.level, summary.counts)

    @property
    def failing(self) -> int:
        return self.counts.get(State.FAIL.value, 0)


def find_check(check_id: str) -> CheckText | None:
    """Return what is known of a check; None for a policy that somebody else wrote."""
    check = REGISTRY.get(check_id)
    return CheckText.of(check) if check else None
