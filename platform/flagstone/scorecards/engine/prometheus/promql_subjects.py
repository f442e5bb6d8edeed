"""What a PromQL expression measures: errors, latency, traffic, or the use of resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Any

import promql_parser as pql

from flagstone.scorecards.engine.prometheus.promql import Records, children
from flagstone.scorecards.engine.prometheus.promql_status import has_status

_RESOURCE = re.compile(
    r"(?:container|node|kube|kubelet|process|machine|go|jvm|python)_.*|up|.*cpu.*|.*memory.*"
)
_LATENCY = re.compile(
    r"(?i).*(?:latency|duration|response_?time|_seconds|_milliseconds|_ms\b|_ms_|apdex).*|.*_bucket"
)
_ERRORS = re.compile(
    r"(?i).*(?:error|fail|exception|5xx|success|availab|ratio|reject|burn|panic|dropped|invalid).*"
)
_TRAFFIC = re.compile(r".*(?:_total|_count|requests|:rate\d+[smhd])")
_OF_HISTOGRAMS = frozenset({"histogram_quantile", "histogram_fraction", "histogram_avg"})
_OF_NUMBERS = frozenset({"vector", "scalar"})
_DEEPEST = 60


class Subject(StrEnum):
    """What an expression measures, as far as its names and its form tell."""

    ERRORS = "errors"
    LATENCY = "latency"
    TRAFFIC = "traffic"
    RESOURCES = "resources"
    UNKNOWN = "unknown"


def subject(node: Any, records: Records) -> Subject:
    """What an expression measures; a recorded name stands for its rule as well."""
    nodes = list(_nodes(node, records))
    found = [one for one in nodes if isinstance(one, pql.VectorSelector)]
    names = [name_of(one) for one in found]
    if names and all(_RESOURCE.fullmatch(name) for name in names):
        return Subject.RESOURCES
    divides = any(isinstance(one, pql.BinaryExpr) and str(one.op) == "/" for one in nodes)
    if any(isinstance(one, pql.Call) and one.func.name in _OF_HISTOGRAMS for one in nodes):
        return Subject.LATENCY
    if divides or any(map(has_status, found)) or any(_ERRORS.fullmatch(name) for name in names):
        return Subject.ERRORS
    if names and all(_TRAFFIC.fullmatch(name) for name in names):
        return Subject.TRAFFIC
    return Subject.LATENCY if any(map(_LATENCY.fullmatch, names)) else Subject.UNKNOWN


def name_of(selector: Any) -> str:
    """The metric's name, also where it is written as a label."""
    if selector.name:
        return str(selector.name)
    named = (m.value for m in selector.matchers.matchers if m.name == "__name__")
    return str(next(named, ""))


@lru_cache(maxsize=256)  # as many as there are parsed expressions
def selectors(node: Any) -> tuple[Any, ...]:
    """Every selector that an expression itself has."""
    return tuple(one for one in _nodes(node, _NOTHING) if isinstance(one, pql.VectorSelector))


def is_fixed(node: Any) -> bool:
    """Whether an expression is made of numbers alone, so that it is the same at any time."""
    return not any(
        isinstance(one, pql.VectorSelector)
        or (isinstance(one, pql.Call) and one.func.name not in _OF_NUMBERS)
        for one in _nodes(node, _NOTHING)
    )


_NOTHING = Records({})


def _nodes(root: Any, records: Records) -> Iterator[Any]:
    """Each node, before its parts; a recorded name has its rule's expression as its part."""
    waiting = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > _DEEPEST:
            continue
        if isinstance(node, pql.MatrixSelector):
            node = node.vector_selector
        yield node
        if isinstance(node, pql.VectorSelector):
            recorded = records.tree(node.name)
            if recorded is not None:
                waiting.append((recorded, depth + 1))
        else:
            waiting += [(child, depth + 1) for child in reversed(children(node))]
