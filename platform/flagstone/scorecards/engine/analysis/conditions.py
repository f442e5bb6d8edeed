"""The conditions of an AnalysisTemplate, evaluated: what a measurement makes of an answer.

What is not understood is NotUnderstoodError, so that nobody takes a guess for a verdict.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Any

from flagstone.scorecards.engine.analysis.condition_reader import (
    NotUnderstoodError,
    compiled,
    tokens,
)
from flagstone.scorecards.engine.analysis.condition_values import ConditionError


class Phase(StrEnum):
    """What a measurement is."""

    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"


def phase(success: str, failure: str, answer: Any) -> Phase:
    """What Argo Rollouts makes of a provider's answer.

    Args:
        success: the metric's successCondition, "" if it has none.
        failure: its failureCondition, "" if it has none.
        answer: the value that `result` has.

    Raises:
        NotUnderstoodError: a condition is beyond what is read here.
    """
    try:
        succeeds = _holds(success, answer) if success else None
        fails = _holds(failure, answer) if failure else None
    except ConditionError:
        return Phase.ERROR
    if succeeds is None:
        succeeds = not fails
    if fails is None:
        fails = not succeeds
    if fails:
        return Phase.FAILED
    return Phase.SUCCESSFUL if succeeds else Phase.INCONCLUSIVE


def error(condition: str, answer: Any) -> str:
    """Why a condition has no value for an answer; "" if it has one."""
    try:
        _holds(condition, answer)
    except ConditionError as found:
        return str(found)
    return ""


@lru_cache(maxsize=1024)
def words(condition: str) -> frozenset[str]:
    """The names that a condition uses, outside of texts."""
    return frozenset(value for kind, value in tokens(condition) if kind == "name")


@lru_cache(maxsize=1024)
def numbers(condition: str) -> tuple[float, ...]:
    """The numbers that a condition names: the answers at which it may change its mind."""
    return tuple(value for kind, value in tokens(condition) if kind == "number")


@lru_cache(maxsize=1024)
def indexes_result(condition: str) -> bool:
    """Whether a condition looks at one element of its result by number."""
    found = tokens(condition)
    starts = [("name", "result"), ("op", "[")]
    return any(
        found[i : i + 2] == starts and found[i + 2][0] == "number" for i in range(len(found) - 2)
    )


def _holds(condition: str, answer: Any) -> bool:
    try:
        value = compiled(condition)({"result": answer})
    except (ArithmeticError, TypeError, ValueError) as found:
        if isinstance(found, NotUnderstoodError | ConditionError):
            raise
        raise ConditionError(str(found)) from found
    if not isinstance(value, bool):
        raise ConditionError(f"it is {value!r}, neither true nor false")
    return value
