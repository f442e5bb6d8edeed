"""What becomes of a metric's answers under its conditions, and whether these decide anything."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from flagstone.scorecards.engine.analysis.analyses import Metric
from flagstone.scorecards.engine.analysis.condition_reader import NotUnderstoodError
from flagstone.scorecards.engine.analysis.conditions import (
    Phase,
    error,
    numbers,
    phase,
)
from flagstone.scorecards.engine.analysis.possible_answers import possible_answers
from flagstone.scorecards.engine.checks.release.analysis_metrics import (
    PROMETHEUS,
    query_tree,
)
from flagstone.scorecards.engine.outcome import Findings
from flagstone.scorecards.engine.prometheus.promql import PromQLError
from flagstone.scorecards.engine.prometheus.promql_answers import (
    is_scalar,
    may_be_empty,
    may_be_nan,
)
from flagstone.scorecards.engine.prometheus.promql_subjects import Subject, is_fixed, subject
from flagstone.scorecards.engine.services import ServiceView

_LISTS = frozenset({PROMETHEUS, "graphite", "influxdb"})
_JUDGE_THEMSELVES = frozenset({"job", "kayenta"})
HUGE = 1e18


def gives_a_scalar(metric: Metric) -> bool:
    if metric.provider != PROMETHEUS:
        return metric.provider in {"datadog", "wavefront"}
    tree = query_tree(metric.query)
    return not isinstance(tree, PromQLError) and is_scalar(tree)


def answer_of(provider: str, value: float, *, scalar: bool) -> Any:
    """An answer with that value, in the form that the provider gives it."""
    if provider == "cloudWatch":
        return [{"Id": "", "Label": "", "Values": [value]}]
    return [value] if provider in _LISTS and not scalar else value


def without_data_of(metric: Metric, service: ServiceView) -> Iterator[tuple[str, Any]]:
    """The answers that the provider may give when there is nothing to measure."""
    if metric.provider == PROMETHEUS:
        tree = query_tree(metric.query)
        if isinstance(tree, PromQLError):
            return
        if may_be_empty(tree) and not is_scalar(tree):
            yield "without data", []
        if may_be_nan(tree, service.surroundings.records):
            yield "with NaN", math.nan if is_scalar(tree) else [math.nan]
    elif metric.provider == "datadog":
        yield "without data", None
    elif metric.provider == "cloudWatch":
        yield "without data", [{"Id": "", "Label": "", "Values": []}]
    elif metric.provider in {"graphite", "influxdb"}:
        yield "without data", []


@lru_cache(maxsize=4096)  # the services of one scaffold have the same conditions
def _phases(provider: str, conditions: tuple[str, str], *, scalar: bool) -> frozenset[Phase]:
    """What becomes of answers small and large, and of those at each number that is named."""
    success, failure = conditions
    named = [n for text in conditions for n in numbers(text)]
    values = {
        0.0,
        0.5,
        1.0,
        HUGE,
        -HUGE,
        *named,
        *(n + 1 for n in named),
        *(n - 1 for n in named),
    }
    found: Iterable[Any] = (answer_of(provider, value, scalar=scalar) for value in values)
    if not scalar and provider not in {"cloudWatch", *_LISTS}:
        found = possible_answers([text for text in conditions if text], sorted(values))
    return frozenset(phase(success, failure, answer) for answer in found)


def undecided(metric: Metric) -> str:
    """Why a metric decides nothing; "" if its conditions tell answers apart.

    Raises:
        NotUnderstoodError: its conditions are beyond what is read.
    """
    success, failure = metric.conditions
    if metric.provider in _JUDGE_THEMSELVES:
        return ""
    if not success and not failure:
        return "it has no condition, so every answer is a success"
    if metric.provider == PROMETHEUS:
        tree = query_tree(metric.query)
        if not isinstance(tree, PromQLError) and is_fixed(tree):
            return "its query asks for no series, so every answer is the same"
    scalar = gives_a_scalar(metric)
    found = _phases(metric.provider, (success, failure), scalar=scalar)
    if found == {Phase.ERROR}:
        ordinary = answer_of(metric.provider, 1.0, scalar=scalar)
        return f"its condition has no value: {error(success, ordinary) or error(failure, ordinary)}"
    found = found - {Phase.ERROR}
    return (
        f"every measurement is {next(iter(found))}, whatever the answer" if len(found) == 1 else ""
    )


def subject_of(metric: Metric, service: ServiceView) -> Subject:
    """What it measures; of other query languages nothing is read, so they get the benefit."""
    if metric.provider != PROMETHEUS:
        return Subject.ERRORS
    tree = query_tree(metric.query)
    if isinstance(tree, PromQLError):
        return Subject.UNKNOWN
    return subject(tree, service.surroundings.records)


def not_read(metric: Metric, reason: NotUnderstoodError, findings: Findings) -> None:
    message = f"{metric.name}: its condition is not understood: {reason}"
    findings.cannot_tell(message, metric.template, *metric.keys)
