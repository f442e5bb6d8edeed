"""PromQL expressions taken apart: constants folded, windows found, comparisons flattened.

A recorded name stands for its rule's expression, wherever that rule is known.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import promql_parser as pql

from flagstone.policies.manifests.durations import prometheus_duration

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "%": math.fmod,
}
_FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_RATE_SUFFIX = re.compile(r"rate(?P<window>\d+[smhdw])")
_QUOTED = re.compile(r"""\"[^\"]*\"|'[^']*'|`[^`]*`""")
_RANGE = re.compile(r"\[\s*(\w+)\s*[\]:]")
_HALF = 0.5  # of the requests: nobody alerts on a worse share of failures
_LONGEST = 100_000  # characters: the parser takes minutes for what fills a file
_PARTS: dict[type, Callable[[Any], list[Any]]] = {
    pql.BinaryExpr: lambda node: [node.lhs, node.rhs],
    pql.Call: lambda node: list(node.args),
    **dict.fromkeys(
        (pql.ParenExpr, pql.UnaryExpr, pql.AggregateExpr, pql.SubqueryExpr),
        lambda node: [node.expr],
    ),
}
_DEEPEST = 60  # records that refer to each other, or expressions that nobody wrote by hand


class PromQLError(ValueError):
    """An expression that does not parse; the message is the parser's reason."""


@dataclass(frozen=True, slots=True)
class Clause:
    """`errors > limit`, taken apart.

    Attributes:
        window: seconds that the series looks back.
        limit: the folded threshold as a share, None if it is not constant.
        burn: the burn rate in `burn * budget`, None if the threshold is one bare number below 1.
    """

    window: int
    limit: float | None
    burn: float | None


# several checks read the same expressions of one service, one after the other; a tree takes some 30 kB, so
# nobody else keeps one
@lru_cache(maxsize=256)
def parse(text: str) -> Any:
    if len(text) > _LONGEST:
        raise PromQLError(f"it is longer than {_LONGEST:,} characters, and was not read")
    try:
        return pql.parse(text)
    except ValueError as error:
        raise PromQLError(str(error)) from error


class Records:
    """Recording rules by name; `beyond` has those of others."""

    def __init__(self, expressions: Mapping[str, str], beyond: Records | None = None) -> None:
        self._texts = expressions
        self._beyond = beyond
        self._windows: dict[str, int | None] = {}
        self._clauses: dict[Any, Clause | None] = {}

    def names(self) -> list[str]:
        """The names of its own rules."""
        return list(self._texts)

    def tree(self, name: str | None) -> Any | None:
        if name is None or name not in self._texts:
            return self._beyond.tree(name) if self._beyond else None
        return parsed(self._texts[name])

    def knows(self, name: str) -> bool:
        return name in self._texts or (self._beyond is not None and self._beyond.knows(name))

    def clause(self, comparison: Any) -> Clause | None:
        """What a comparison says by these rules; several checks ask of the same one."""
        if comparison not in self._clauses:
            self._clauses[comparison] = _clause(comparison, self)
        return self._clauses[comparison]

    def window(self, name: str, depth: int) -> int | None:
        """The longest range that a recorded name looks back.

        Nearly every rule has its ranges in its own text, where they are found without parsing it.
        """
        if name not in self._texts:
            return self._beyond.window(name, depth) if self._beyond else None
        if name not in self._windows:
            text = _QUOTED.sub("", self._texts[name])
            ranges = [d for found in _RANGE.finditer(text) if (d := prometheus_duration(found[1]))]
            tree = None if ranges else self.tree(name)
            found = None if tree is None else window(tree, self, depth)
            self._windows[name] = int(max(ranges)) if ranges else found
        return self._windows[name]


def constant(node: Any, records: Records, depth: int = 0) -> float | None:
    """Fold an expression without series to its value: `14.4 * (1 - 99.9/100)` is 0.0144."""
    if depth > _DEEPEST:
        return None
    if isinstance(node, pql.NumberLiteral):
        return float(node.val)
    if isinstance(node, pql.ParenExpr):
        return constant(node.expr, records, depth + 1)
    if isinstance(node, pql.UnaryExpr):
        value = constant(node.expr, records, depth + 1)
        return None if value is None else -value
    if isinstance(node, pql.Call) and node.func.name in {"vector", "scalar"}:
        return constant(node.args[0], records, depth + 1)
    if isinstance(node, pql.VectorSelector):
        recorded = records.tree(node.name)
        return None if recorded is None else constant(recorded, records, depth + 1)
    if isinstance(node, pql.BinaryExpr) and str(node.op) in _ARITHMETIC:
        left = constant(node.lhs, records, depth + 1)
        right = constant(node.rhs, records, depth + 1)
        return None if left is None or right is None else _apply(str(node.op), left, right)
    return None


def _apply(op: str, left: float, right: float) -> float | None:
    try:
        value = _ARITHMETIC[op](left, right)
    except (ArithmeticError, ValueError):
        return None
    return value if isinstance(value, float) and math.isfinite(value) else None


def window(node: Any, records: Records, depth: int = 0) -> int | None:
    """Return the longest range, in seconds, that an expression looks back; None without any."""
    if depth > _DEEPEST:
        return None
    ranges = [_own_range(node, records, depth)]
    ranges += [window(child, records, depth + 1) for child in children(node)]
    return max((seconds for seconds in ranges if seconds is not None), default=None)


def _own_range(node: Any, records: Records, depth: int) -> int | None:
    if isinstance(node, pql.MatrixSelector | pql.SubqueryExpr):
        return int(node.range.total_seconds()) if node.range else None
    if isinstance(node, pql.VectorSelector):
        name = node.name or ""
        if records.knows(name):
            return records.window(name, depth + 1)
        suffix = _RATE_SUFFIX.search(name)
        return int(prometheus_duration(suffix["window"]) or 0) if suffix else None
    return None


def children(node: Any) -> list[Any]:
    parts = _PARTS.get(type(node))
    return [] if parts is None else parts(node)


def alternatives(node: Any) -> Iterator[list[Any]]:
    """Yield the comparisons that must hold together, for each branch of an `or`."""
    node = _bare(node)
    if isinstance(node, pql.BinaryExpr) and str(node.op) == "or":
        yield from alternatives(node.lhs)
        yield from alternatives(node.rhs)
    elif isinstance(node, pql.BinaryExpr) and str(node.op) == "and":
        for left in alternatives(node.lhs):
            for right in alternatives(node.rhs):
                yield left + right
    elif isinstance(node, pql.BinaryExpr) and str(node.op) == "unless":
        yield from alternatives(node.lhs)
    elif isinstance(node, pql.BinaryExpr) and str(node.op) in _FLIPPED:
        yield [node]
    else:
        yield []


def _bare(node: Any) -> Any:
    """Strip parentheses, and `max(...) without (x)` around a comparison."""
    while isinstance(node, pql.ParenExpr | pql.AggregateExpr):
        node = node.expr
    return node


def clause(comparison: Any, records: Records) -> Clause | None:
    """Read `errors > limit`, `success < 1 - limit`, or either the other way round, in percent too.

    None for any other comparison.
    """
    return records.clause(comparison)


def _clause(comparison: Any, records: Records) -> Clause | None:
    series, op, limit = comparison.lhs, str(comparison.op), comparison.rhs
    seconds = window(series, records)
    if seconds is None:
        seconds = window(limit, records)
        series, op, limit = limit, _FLIPPED[op], series
    if seconds is None:
        return None
    whole = 100.0 if _in_percent(series, records) else 1.0
    value = constant(limit, records)
    if op in {">", ">="}:
        share = None if value is None else value / whole
        return Clause(window=seconds, limit=share, burn=_burn(limit, records, whole))
    missing = _rest_of(whole, limit, records)
    errors = None if value is None else (whole - value) / whole
    if (missing is None and errors is None) or (errors is not None and not 0 < errors <= _HALF):
        return None
    burn = None if missing is None else _burn(missing, records, whole)
    return Clause(window=seconds, limit=errors, burn=burn)


def _in_percent(series: Any, records: Records) -> bool:
    """Whether a series, or the rule that records it, is a ratio times 100."""
    for _ in range(_DEEPEST):
        series = _bare(series)
        recorded = records.tree(series.name) if isinstance(series, pql.VectorSelector) else None
        if recorded is None:
            break
        series = recorded
    if not isinstance(series, pql.BinaryExpr) or str(series.op) != "*":
        return False
    return any(constant(side, records) == 100 for side in (series.lhs, series.rhs))


def _rest_of(whole: float, limit: Any, records: Records) -> Any | None:
    """What `1 - x` leaves out of the whole: x."""
    limit = _bare(limit)
    if isinstance(limit, pql.BinaryExpr) and str(limit.op) == "-":
        return limit.rhs if constant(limit.lhs, records) == whole else None
    return None


def _burn(limit: Any, records: Records, whole: float) -> float | None:
    """Return the burn rate in a threshold such as `14.4 * 0.001` or `14.4 * (1 - objective)`.

    An error ratio never passes 1, so a bare threshold of 1 or more compares a burn rate; of a
    percentage both factors may be above 1, as in `14.4 * 5`, and the budget is the smaller.
    """
    factors = list(_factors(limit))
    values = [constant(factor, records) for factor in factors]
    numbers = [value for value in values if value is not None]
    at_least_one = [number for number in numbers if number >= 1]
    if at_least_one and whole == 1:
        return math.prod(at_least_one)
    if len(factors) > 1 and (len(numbers) == len(factors) or at_least_one):
        return max(numbers)
    return None


def _factors(node: Any) -> Iterator[Any]:
    while isinstance(node, pql.ParenExpr):
        node = node.expr
    if isinstance(node, pql.BinaryExpr) and str(node.op) == "*":
        yield from _factors(node.lhs)
        yield from _factors(node.rhs)
    else:
        yield node


def parsed(text: str) -> Any | None:
    """The expression, or None if it does not parse."""
    try:
        return parse(text)
    except PromQLError:
        return None
