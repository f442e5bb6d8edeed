"""AT-01, AT-04 and AT-07: conditions that decide, whatever the answer, and also without one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from flagstone.scorecards.engine.analysis.analyses import Metric
from flagstone.scorecards.engine.analysis.condition_reader import NotUnderstoodError
from flagstone.scorecards.engine.analysis.conditions import (
    Phase,
    error,
    indexes_result,
    numbers,
    phase,
    words,
)
from flagstone.scorecards.engine.checks.release.analysis_metrics import (
    NO_DATA,
    NOT_APPLICABLE,
    PROMETHEUS,
    decide,
    fault,
    note_unseen,
    query_tree,
    real_metrics,
)
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.prometheus.promql import PromQLError
from flagstone.scorecards.engine.prometheus.promql_answers import (
    is_scalar,
    may_be_empty,
    may_be_nan,
)
from flagstone.scorecards.engine.prometheus.promql_subjects import Subject, subject
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import ServiceKind

_JUDGE_THEMSELVES = frozenset({"job", "kayenta"})
_WORTH_JUDGING = frozenset({Subject.ERRORS, Subject.LATENCY})
_HUGE = 1e18
_NO_QUERY = "no metric asks for numbers that may be missing"


class _AnyRow(dict[str, Any]):
    """A row of an answer whose fields are not known: each has the same value."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self._value = value

    def get(self, _key: Any, _default: Any = None) -> Any:
        return self._value


def _gives_a_scalar(metric: Metric) -> bool:
    if metric.provider != PROMETHEUS:
        return metric.provider in {"datadog", "wavefront"}
    tree = query_tree(metric.query)
    return not isinstance(tree, PromQLError) and is_scalar(tree)


def _answers(provider: str, value: float, *, scalar: bool) -> list[Any]:
    """An answer with that value, in each form that the provider may give it."""
    if scalar:
        return [value]
    if provider == "cloudWatch":
        return [[{"Id": "", "Label": "", "Values": [value]}]]
    if provider in {PROMETHEUS, "graphite", "influxdb"}:
        return [[value]]
    return [value, str(value), [value], _AnyRow(value), [_AnyRow(value)], _AnyRow(_AnyRow(value))]


def _without_data(metric: Metric, service: ServiceView) -> Iterator[tuple[str, Any]]:
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
        _HUGE,
        -_HUGE,
        *named,
        *(n + 1 for n in named),
        *(n - 1 for n in named),
    }
    return frozenset(
        phase(success, failure, answer)
        for value in values
        for answer in _answers(provider, value, scalar=scalar)
    )


def _undecided(metric: Metric) -> str:
    """Why a metric decides nothing; "" if its conditions tell answers apart.

    Raises:
        NotUnderstoodError: its conditions are beyond what is read.
    """
    success, failure = metric.conditions
    if metric.provider in _JUDGE_THEMSELVES:
        return ""
    if not success and not failure:
        return "it has no condition, so every answer is a success"
    scalar = _gives_a_scalar(metric)
    found = _phases(metric.provider, (success, failure), scalar=scalar)
    if found == {Phase.ERROR}:
        ordinary = _answers(metric.provider, 1.0, scalar=scalar)[0]
        return f"its condition has no value: {error(success, ordinary) or error(failure, ordinary)}"
    found = found - {Phase.ERROR}
    return (
        f"every measurement is {next(iter(found))}, whatever the answer" if len(found) == 1 else ""
    )


def _subject(metric: Metric, service: ServiceView) -> Subject:
    """What it measures; of other query languages nothing is read, so they get the benefit."""
    if metric.provider != PROMETHEUS:
        return Subject.ERRORS
    tree = query_tree(metric.query)
    if isinstance(tree, PromQLError):
        return Subject.UNKNOWN
    return subject(tree, service.surroundings.records)


@check(
    id="AT-01",
    name="The analysis judges errors or latency",
    severity=Severity.C,
    why="A metric without a condition, or with one that is the same for every answer, decides "
    "nothing; one that only counts traffic lets every broken version pass.",
    remedy="Give at least one metric a successCondition or failureCondition that depends on its "
    "result, and let it measure an error ratio or a latency.",
    not_applicable=f"{NOT_APPLICABLE} A Job or a Kayenta metric decides by itself.",
    no_data=f"{NO_DATA} Or what a metric measures, or its condition, cannot be read from it.",
)
def judges(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for rollout in dict.fromkeys(analysis.rollout for analysis in service.analyses):
        metrics = [m for m in real_metrics(service) if m.analysis.rollout is rollout]
        findings.judged += 1
        enough = [metric for metric in metrics if _decides_on_quality(metric, service, findings)]
        if rollout is None:
            for metric in metrics:
                _note(metric, findings)
        elif not enough:
            _why_not(metrics, service, findings)
            if not metrics:
                message = "every metric of its analyses is a dry run, which changes nothing"
                findings.fault(message, rollout, "spec", "strategy")
    note_unseen(service, findings)
    return decide(findings, "errors or latency decide")


def _decides_on_quality(metric: Metric, service: ServiceView, findings: Findings) -> bool:
    """Whether one metric is enough; one that errs at every answer ends every rollout, so it is said."""
    try:
        problem = _undecided(metric)
    except NotUnderstoodError:
        return False
    if problem.startswith("its condition has no value"):
        fault(findings, metric, problem)
    requests = service.kind is ServiceKind.HTTP
    return not problem and (not requests or _subject(metric, service) in _WORTH_JUDGING)


def _why_not(metrics: list[Metric], service: ServiceView, findings: Findings) -> None:
    for metric in metrics:
        _note(metric, findings)
        found = _subject(metric, service)
        if found in {Subject.TRAFFIC, Subject.RESOURCES}:
            fault(findings, metric, f"it measures {found}, neither errors nor latency", "provider")
        elif found is Subject.UNKNOWN:
            message = f"{metric.name}: whether it measures errors or latency cannot be told"
            findings.cannot_tell(message, metric.template, *metric.keys, "provider")


def _note(metric: Metric, findings: Findings) -> None:
    try:
        problem = _undecided(metric)
    except NotUnderstoodError as reason:
        _not_read(metric, reason, findings)
    else:
        if problem:
            fault(findings, metric, problem)


def _not_read(metric: Metric, reason: NotUnderstoodError, findings: Findings) -> None:
    message = f"{metric.name}: its condition is not understood: {reason}"
    findings.cannot_tell(message, metric.template, *metric.keys)


@check(
    id="AT-04",
    name="An answer without data is provided for",
    severity=Severity.H,
    why="A quiet night gives an empty answer or 0/0: `result[0]` then is an error that aborts a "
    "good rollout, and NaN may count as a success of a version that nobody used.",
    remedy="Ask len(result) > 0 && !isNaN(result[0]) in both conditions (the measurement is then "
    "Inconclusive, and a person decides), use default(result, 0), or end each operand of the query "
    "that may be empty with `or vector(0)`.",
    not_applicable=f"{NOT_APPLICABLE} Metrics of a Job, a web hook, Kayenta, New Relic, SkyWalking, "
    "Wavefront or a plugin, whose answers without data are not known.",
    no_data="A condition is beyond what is read of its language.",
)
def without_data(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for metric in real_metrics(service):
        if not any(metric.conditions):
            continue  # AT-01 says so
        try:
            _check_without_data(metric, service, findings)
        except NotUnderstoodError as reason:
            _not_read(metric, reason, findings)
    return decide(findings, "answers without data are provided for", nothing=_NO_QUERY)


def _check_without_data(metric: Metric, service: ServiceView, findings: Findings) -> None:
    success, failure = metric.conditions
    used = words(success) | words(failure)
    if metric.provider in {PROMETHEUS, "datadog", "cloudWatch", "graphite", "influxdb"}:
        findings.judged += 1
    if metric.settings.get("rangeQuery") and (indexes_result(success) or indexes_result(failure)):
        fault(findings, metric, "result[0] is one moment of a rangeQuery: ask all(result, ...)")
        return
    for when, answer in _without_data(metric, service):
        found = phase(success, failure, answer)
        if found is Phase.ERROR:
            reason = (success and error(success, answer)) or error(failure, answer)
            fault(findings, metric, f"{when} its condition is an error: {reason}")
            return
        if when == "with NaN" and found is Phase.SUCCESSFUL and "isNaN" not in used:
            fault(findings, metric, "NaN, as 0/0 without traffic, counts as a success")


@check(
    id="AT-07",
    name="A canary without traffic is noticed",
    severity=Severity.M,
    why="A canary that got no request has proved nothing, and would be promoted.",
    remedy="Add a metric that demands a number of requests (increase(...) >= n), or give a metric "
    "both conditions, each false without data: the rollout then waits for a person.",
    not_applicable=f"{NOT_APPLICABLE} No Prometheus, Datadog, CloudWatch, Graphite or InfluxDB "
    "metric; a worker, which gets no requests.",
    no_data=f"{NO_DATA} Or a condition is beyond what is read of its language.",
)
def needs_traffic(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    rollouts = dict.fromkeys(analysis.rollout for analysis in service.analyses)
    for rollout in rollouts if service.kind is ServiceKind.HTTP else ():
        metrics = [m for m in real_metrics(service) if m.analysis.rollout is rollout]
        asking = [m for m in metrics if m.provider == PROMETHEUS or any(_without_data(m, service))]
        if rollout is None or not asking:
            continue
        findings.judged += 1
        unread: list[tuple[Metric, NotUnderstoodError]] = []
        if not any(_notices(metric, service, unread) for metric in asking):
            for metric, reason in unread:
                _not_read(metric, reason, findings)
            if not unread:
                message = (
                    "its analyses ask for no least number of requests, and none is Inconclusive "
                    "without data"
                )
                findings.fault(message, rollout, *asking[0].analysis.keys)
    note_unseen(service, findings)
    return decide(findings, "a canary without traffic is noticed")


def _notices(
    metric: Metric, service: ServiceView, unread: list[tuple[Metric, NotUnderstoodError]]
) -> bool:
    try:
        if is_floor(metric, service):
            return True
        answers = [answer for _, answer in _without_data(metric, service)]
        return any(phase(*metric.conditions, answer) is Phase.INCONCLUSIVE for answer in answers)
    except NotUnderstoodError as reason:
        unread.append((metric, reason))
        return False


def is_floor(metric: Metric, service: ServiceView) -> bool:
    """Whether a metric demands a least number of requests.

    Raises:
        NotUnderstoodError: its conditions are beyond what is read.
    """
    if metric.provider != PROMETHEUS or _subject(metric, service) is not Subject.TRAFFIC:
        return False
    scalar = _gives_a_scalar(metric)
    few, many = (
        phase(*metric.conditions, _answers(metric.provider, value, scalar=scalar)[0])
        for value in (0.0, _HUGE)
    )
    return few is not Phase.SUCCESSFUL and many is Phase.SUCCESSFUL
