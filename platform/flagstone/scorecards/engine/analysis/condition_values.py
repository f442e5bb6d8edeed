"""The operators and functions of a condition, and the values that they refuse."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any


class ConditionError(ValueError):
    """The condition has no value for this answer; Argo Rollouts counts the measurement an error."""


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConditionError(f"{kind(value)} is neither true nor false")
    return value


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConditionError(f"{kind(value)} is no number")
    return float(value)


def kind(value: Any) -> str:
    if value is None:
        return "nil"
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "a truth value"),
        (str, "a text"),
        (list, "a list"),
    )
    return next((word for kind, word in kinds if isinstance(value, kind)), "a value")


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def ordered(left: Any, right: Any) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return compare(left, right)
        if isinstance(left, list | str | None) or isinstance(right, list | str | None):
            raise ConditionError(f"{kind(left)} cannot be compared with {kind(right)}")
        return compare(number(left), number(right))

    return ordered


def _contained(left: Any, right: Any) -> bool:
    if not isinstance(right, list | dict):
        raise ConditionError(f"{kind(right)} holds nothing")
    return left in right


def _sum(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    return number(left) + number(right)


def _quotient(left: Any, right: Any) -> float:
    over, under = number(left), number(right)
    if under:
        return over / under
    return math.nan if not over or math.isnan(over) else math.copysign(math.inf, over)


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": _contained,
    "+": _sum,
    "-": lambda left, right: number(left) - number(right),
    "*": lambda left, right: number(left) * number(right),
    "/": _quotient,
    "%": lambda left, right: math.fmod(number(left), number(right)),
    "**": lambda left, right: number(left) ** number(right),
    "^": lambda left, right: number(left) ** number(right),
}


def elements(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ConditionError(f"{kind(value)} has no elements")
    return value


OVER_ELEMENTS: dict[str, Callable[[list[Any], list[Any]], Any]] = {
    "all": lambda _found, values: all(map(truth, values)),
    "any": lambda _found, values: any(map(truth, values)),
    "none": lambda _found, values: not any(map(truth, values)),
    "one": lambda _found, values: sum(map(truth, values)) == 1,
    "count": lambda _found, values: float(sum(map(truth, values))),
    "filter": lambda found, values: [f for f, v in zip(found, values, strict=True) if truth(v)],
    "map": lambda _found, values: values,
}


def _read_number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConditionError(f"{kind(value)} is no number") from None


def _length(value: Any) -> float:
    if not isinstance(value, list | str | dict):
        raise ConditionError(f"{kind(value)} has no length")
    return float(len(value))


def _mean(value: Any) -> float:
    found = elements(value)
    return math.fsum(map(number, found)) / len(found) if found else 0.0


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": _length,
    "isNaN": lambda value: math.isnan(number(value)),
    "isInf": lambda value: math.isinf(number(value)),
    "isNil": lambda value: value is None,
    "default": lambda value, otherwise: otherwise if value is None else value,
    "asFloat": _read_number,
    "asInt": _read_number,
    "float": _read_number,
    "int": _read_number,
    "abs": lambda value: abs(number(value)),
    "floor": lambda value: math.floor(number(value)),
    "ceil": lambda value: math.ceil(number(value)),
    "round": lambda value: math.floor(number(value) + 0.5),
    "sum": lambda value: math.fsum(map(number, elements(value))),
    "mean": _mean,
    "max": lambda *values: max(map(number, elements(values[0]) if len(values) == 1 else values)),
    "min": lambda *values: min(map(number, elements(values[0]) if len(values) == 1 else values)),
    "first": lambda value: elements(value)[0] if elements(value) else None,
    "last": lambda value: elements(value)[-1] if elements(value) else None,
}
