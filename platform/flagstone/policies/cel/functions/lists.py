"""Kubernetes' functions of lists, and those of lists as sets."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from typing import Any

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.operators import LAZY
from flagstone.policies.cel.scope import Scope
from flagstone.policies.cel.values import compare, equal, no_overload


def _items(function: str, *values: Any) -> None:
    if not all(isinstance(value, list) for value in values):
        raise no_overload(function, *values)


def _is_sorted(values: Any) -> bool:
    _items("isSorted", values)
    return all(compare(left, right) <= 0 for left, right in pairwise(values))


def _sum(values: Any) -> Any:
    _items("sum", values)
    if not values:
        return 0
    if any(isinstance(value, str | list | bytes) for value in values):
        raise no_overload("sum", values)
    return reduce(_added, values)


def _added(left: Any, right: Any) -> Any:
    return LAZY["+"]([lambda *_: left, lambda *_: right])(Scope({}), None)


def _extreme(name: str, sign: int) -> Callable[[Any], Any]:
    def extreme(values: Any) -> Any:
        _items(name, values)
        if not values:
            raise CelError(f"{name} of an empty list")
        return reduce(lambda a, b: b if compare(b, a) * sign > 0 else a, values)

    return extreme


def _within(part: Any, whole: Any) -> bool:
    return all(any(equal(value, each) for each in whole) for value in part)


def _set(name: str, test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(left: Any, right: Any) -> bool:
        _items(name, left, right)
        return test(left, right)

    return holds


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "isSorted": _is_sorted,
    "sum": _sum,
    "min": _extreme("min", -1),
    "max": _extreme("max", 1),
    "sets.contains": _set("sets.contains", lambda whole, part: _within(part, whole)),
    "sets.equivalent": _set("sets.equivalent", lambda a, b: _within(a, b) and _within(b, a)),
    "sets.intersects": _set(
        "sets.intersects", lambda a, b: any(_within([value], b) for value in a)
    ),
}
