"""The verdict: what a rule can say, and how the worst of all rules becomes the decision. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """In order: a decision is the worst of its reasons."""

    GO = "go"
    SLOW = "slow"
    STOP = "stop"

    @property
    def rank(self) -> int:
        return list(Decision).index(self)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one rule said what it said.

    Attributes:
        code: Stable identifier, such as `policy.violated`.
        state: What this reason alone would decide.
        title: One line.
        detail: What was found, where, and what to do next.
        check_id: The check that says so, if one does; a face makes a link of it.
        required: Whether the rule can stop at all, or only warns.
    """

    code: str
    state: Decision
    title: str
    detail: str
    check_id: str = ""
    required: bool = True


def decide(reasons: Iterable[Reason]) -> Decision:
    """Return the worst of the reasons. Silence is no verdict: no reason at all is `slow`."""
    return max(
        (reason.state for reason in reasons), key=lambda state: state.rank, default=Decision.SLOW
    )
