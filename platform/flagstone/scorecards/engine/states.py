"""The states of a check, its severities, and the one table of how a state counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class State(StrEnum):
    PASS = "pass"  # noqa: S105 a state, no password
    WARN = "warn"
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    NO_DATA = "no_data"
    ERROR = "error"
    EXEMPT = "exempt"
    UPCOMING = "upcoming"


class Severity(StrEnum):
    """C critical (a guardrail is silently off, or an outage), H high, M medium, L low."""

    C = "C"
    H = "H"
    M = "M"
    L = "L"

    @property
    def weight(self) -> int:
        return _WEIGHTS[self]

    @property
    def label(self) -> str:
        return _LABELS[self]

    @classmethod
    def called(cls, text: str) -> Severity | None:
        """The severity of that letter or word, in any case; None if there is none."""
        wanted = text.strip().lower()
        return next((each for each in cls if wanted in {each.lower(), each.label}), None)

    def at_least(self, other: Severity) -> bool:
        return self.weight >= other.weight


_WEIGHTS = {Severity.C: 8, Severity.H: 4, Severity.M: 2, Severity.L: 1}
_LABELS = {
    Severity.C: "critical",
    Severity.H: "high",
    Severity.M: "medium",
    Severity.L: "low",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """How a state counts.

    Attributes:
        in_sum: its weight is part of the score's denominator.
        earns: its weight is earned.
        has_data: something was observed, for the coverage.
        level: `ok`, `blocks` a level, or `keeps` the level the service had.
        gate: what CI is told if the check is required.
    """

    in_sum: bool
    earns: bool
    has_data: bool
    level: Literal["ok", "blocks", "keeps"]
    gate: Literal["ok", "warn", "block"]


EFFECTS: Mapping[State, Effect] = MappingProxyType(
    {
        State.PASS: Effect(in_sum=True, earns=True, has_data=True, level="ok", gate="ok"),
        State.WARN: Effect(in_sum=True, earns=True, has_data=True, level="ok", gate="warn"),
        State.FAIL: Effect(in_sum=True, earns=False, has_data=True, level="blocks", gate="block"),
        State.NOT_APPLICABLE: Effect(
            in_sum=False, earns=False, has_data=False, level="ok", gate="ok"
        ),
        # Cutting a data source must never raise a score.
        State.NO_DATA: Effect(
            in_sum=True, earns=False, has_data=False, level="blocks", gate="warn"
        ),
        State.ERROR: Effect(in_sum=False, earns=False, has_data=False, level="keeps", gate="warn"),
        State.EXEMPT: Effect(in_sum=False, earns=False, has_data=False, level="ok", gate="ok"),
        State.UPCOMING: Effect(in_sum=False, earns=False, has_data=False, level="ok", gate="ok"),
    }
)
