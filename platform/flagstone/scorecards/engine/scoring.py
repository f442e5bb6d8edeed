"""Score, coverage and level from the states of the checks: arithmetic only.

The score is rounded down to whole points, so 100 means that nothing at all is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flagstone.scorecards.engine.states import EFFECTS, State

_DECIDED = (State.PASS, State.WARN, State.FAIL)
_OUT_OF_SCOPE = (State.NOT_APPLICABLE, State.EXEMPT, State.UPCOMING)


@dataclass(frozen=True, slots=True)
class Mark:
    """What the arithmetic needs of one check; `level` is the rank of its level, from 0."""

    state: State
    weight: int
    level: int


def score(marks: Sequence[Mark]) -> int | None:
    """Return 0 to 100, or None when nothing counts: no service is perfect for lack of checks."""
    total = sum(mark.weight for mark in marks if EFFECTS[mark.state].in_sum)
    earned = sum(mark.weight for mark in marks if EFFECTS[mark.state].earns)
    return 100 * earned // total if total else None


def coverage(marks: Sequence[Mark]) -> float | None:
    """Return the share of the applicable weight that was decided by data, 0 to 1."""
    applicable = sum(mark.weight for mark in marks if mark.state not in _OUT_OF_SCOPE)
    decided = sum(mark.weight for mark in marks if EFFECTS[mark.state].has_data)
    return round(decided / applicable, 3) if applicable else None


def level(marks: Sequence[Mark], levels: int, last: int | None = None) -> int | None:
    """Return the rank of the highest level whose checks, and all below, are ok; None for none.

    A level is earned by something that holds: checks that do not apply earn none by themselves.
    Where a check broke (`error`) the service keeps its last level, as far as the other checks
    allow; without a last level the broken check counts as not ok.

    Args:
        marks: the checks of one service.
        levels: how many levels there are.
        last: the rank of the level that the service had before, if it is known.
    """
    at_worst = _highest(marks, levels, broken_is_ok=False)
    if last is None:
        return at_worst
    at_best = _highest(marks, levels, broken_is_ok=True)
    if at_best == at_worst:
        return at_worst
    return min(max(last, -1 if at_worst is None else at_worst), -1 if at_best is None else at_best)


def _highest(marks: Sequence[Mark], levels: int, *, broken_is_ok: bool) -> int | None:
    reached = None
    for rank in range(levels):
        effects = [EFFECTS[mark.state] for mark in marks if mark.level == rank]
        if any(e.level == "blocks" or (e.level == "keeps" and not broken_is_ok) for e in effects):
            break
        if any(EFFECTS[mark.state].earns for mark in marks if mark.level <= rank):
            reached = rank
    return reached
