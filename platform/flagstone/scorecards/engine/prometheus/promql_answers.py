"""What a PromQL expression may answer besides numbers: nothing, or NaN."""

from __future__ import annotations

from typing import Any

import promql_parser as pql

from flagstone.scorecards.engine.prometheus.promql import Records, children, constant

_COMPARISONS = frozenset({">", "<", ">=", "<=", "==", "!="})
_ALWAYS_THERE = frozenset({"vector", "scalar", "time", "pi"})
_SCALARS = frozenset({"scalar", "time", "pi"})
_MAY_BE_NAN = frozenset({"histogram_quantile", "histogram_fraction", "histogram_avg", "scalar"})
_DEEPEST = 60


def is_scalar(node: Any, depth: int = 0) -> bool:
    """Whether it answers one number instead of a list of series."""
    if depth > _DEEPEST:
        return False
    if isinstance(node, pql.NumberLiteral):
        return True
    if isinstance(node, pql.Call):
        return node.func.name in _SCALARS
    if isinstance(node, pql.ParenExpr | pql.UnaryExpr | pql.BinaryExpr):
        return all(is_scalar(child, depth + 1) for child in children(node))
    return False


def may_be_empty(node: Any, depth: int = 0) -> bool:
    """Whether it may answer no series at all, for want of data."""
    if isinstance(node, pql.NumberLiteral | pql.StringLiteral):
        return False
    if depth > _DEEPEST or isinstance(node, pql.VectorSelector | pql.MatrixSelector):
        return True
    if isinstance(node, pql.Call) and node.func.name in _ALWAYS_THERE:
        return False
    if isinstance(node, pql.Call) and node.func.name.startswith("absent"):
        return True
    if isinstance(node, pql.BinaryExpr):
        op = str(node.op)
        if op == "or":
            return may_be_empty(node.lhs, depth + 1) and may_be_empty(node.rhs, depth + 1)
        if op == "unless" or (op in _COMPARISONS and not _returns_bool(node)):
            return True
    return any(may_be_empty(child, depth + 1) for child in children(node))


def may_be_nan(node: Any, records: Records, depth: int = 0) -> bool:
    """Whether it may answer NaN, as a ratio does when nothing happened."""
    if depth > _DEEPEST:
        return True
    if isinstance(node, pql.VectorSelector):
        recorded = records.tree(node.name)
        return recorded is not None and may_be_nan(recorded, records, depth + 1)
    if isinstance(node, pql.Call) and node.func.name in _MAY_BE_NAN:
        return True
    if isinstance(node, pql.BinaryExpr):
        op = str(node.op)
        if op in {"/", "%"} and not _never_zero(node.rhs, records):
            return True
        if op in _COMPARISONS:
            return False  # NaN compares with nothing, so it is filtered out
        if op in {"and", "unless"}:
            return may_be_nan(node.lhs, records, depth + 1)
    return any(may_be_nan(child, records, depth + 1) for child in children(node))


def _returns_bool(node: Any) -> bool:
    return node.modifier is not None and bool(node.modifier.return_bool)


def _never_zero(node: Any, records: Records) -> bool:
    while isinstance(node, pql.ParenExpr):
        node = node.expr
    value = constant(node, records)
    if value is not None:
        return value != 0
    if isinstance(node, pql.BinaryExpr) and not _returns_bool(node):
        limit = constant(node.rhs, records)
        if limit is None:
            return False
        return (str(node.op) == ">" and limit >= 0) or (str(node.op) == "!=" and limit == 0)
    if isinstance(node, pql.Call) and node.func.name == "clamp_min":
        return (constant(node.args[1], records) or 0) > 0
    return False
