"""AT-04 and AT-07: conditions that are told from data, and not from its absence."""

from __future__ import annotations

from flagstone.scorecards.engine.analysis.analyses import Metric
from flagstone.scorecards.engine.analysis.condition_reader import NotUnderstoodError
from flagstone.scorecards.engine.analysis.conditions import (
    Phase,
    error,
    indexes_result,
    phase,
    words,
)
from flagstone.scorecards.engine.checks.release.analysis_answers import (
    HUGE,
    answer_of,
    gives_a_scalar,
    not_read,
    subject_of,
    without_data_of,
)
from flagstone.scorecards.engine.checks.release.analysis_metrics import (
    NO_DATA,
    NOT_APPLICABLE,
    PROMETHEUS,
    UNRENDERED,
    decide,
    fault,
    note_unseen,
    real_metrics,
)
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.prometheus.promql_subjects import Subject
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import ServiceKind

_NO_QUERY = "no metric asks for numbers that may be missing"


@check(
    id="AT-04",
    name="An answer without data is provided for",
    severity=Severity.H,
    rule="The conditions of each metric are tried on the answers that its provider gives without data: an empty "
    "one, and NaN where the query divides. Neither may be an error, and NaN no success unless a condition "
    "names isNaN; with rangeQuery no condition may take result[0]. Asked are Prometheus, Datadog, "
    "CloudWatch, Graphite and InfluxDB.",
    why="A quiet night gives an empty answer or 0/0: `result[0]` then is an error that aborts a "
    "good rollout, and NaN may count as a success of a version that nobody used.",
    remedy="Ask len(result) > 0 && !isNaN(result[0]) in both conditions (the measurement is then "
    "Inconclusive, and a person decides), use default(result, 0), or end each operand of the query "
    "that may be empty with `or vector(0)`.",
    not_applicable=f"{NOT_APPLICABLE} Metrics of a Job, a web hook, Kayenta, New Relic, SkyWalking, "
    "Wavefront or a plugin, whose answers without data are not known.",
    no_data="A condition is beyond what is read of its language: write it with comparisons, len, isNaN and default. "
    f"{UNRENDERED}",
)
def without_data(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for metric in real_metrics(service):
        if not any(metric.conditions):
            continue  # AT-01 says so
        try:
            _check_without_data(metric, service, findings)
        except NotUnderstoodError as reason:
            not_read(metric, reason, findings)
    return decide(findings, "answers without data are provided for", nothing=_NO_QUERY)


def _check_without_data(metric: Metric, service: ServiceView, findings: Findings) -> None:
    success, failure = metric.conditions
    used = words(success) | words(failure)
    if metric.provider in {PROMETHEUS, "datadog", "cloudWatch", "graphite", "influxdb"}:
        findings.judged += 1
    if metric.settings.get("rangeQuery") and (indexes_result(success) or indexes_result(failure)):
        fault(findings, metric, "result[0] is one moment of a rangeQuery: ask all(result, ...)")
        return
    for when, answer in without_data_of(metric, service):
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
    rule="For each Rollout of a service with HTTP traffic one metric, dry runs left out, must notice that there "
    "is none: a PromQL query of the traffic that is no success at 0 and is one at a great number, or "
    "conditions that are both false for an answer without data (Inconclusive).",
    why="A canary that got no request has proved nothing, and would be promoted.",
    remedy="Add a metric that demands a number of requests (increase(...) >= n), or give a metric "
    "both conditions, each false without data: the rollout then waits for a person.",
    not_applicable=f"{NOT_APPLICABLE} No Prometheus, Datadog, CloudWatch, Graphite or InfluxDB "
    "metric; a worker, which gets no requests.",
    no_data=f"{NO_DATA} Or a condition is beyond what is read of its language: write it "
    "with comparisons, len, isNaN and default.",
)
def needs_traffic(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    rollouts = dict.fromkeys(analysis.rollout for analysis in service.analyses)
    for rollout in rollouts if service.kind is ServiceKind.HTTP else ():
        metrics = [m for m in real_metrics(service) if m.analysis.rollout is rollout]
        asking = [
            m for m in metrics if m.provider == PROMETHEUS or any(without_data_of(m, service))
        ]
        if rollout is None or not asking:
            continue
        findings.judged += 1
        unread: list[tuple[Metric, NotUnderstoodError]] = []
        if not any(_notices(metric, service, unread) for metric in asking):
            for metric, reason in unread:
                not_read(metric, reason, findings)
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
        answers = [answer for _, answer in without_data_of(metric, service)]
        return any(phase(*metric.conditions, answer) is Phase.INCONCLUSIVE for answer in answers)
    except NotUnderstoodError as reason:
        unread.append((metric, reason))
        return False


def is_floor(metric: Metric, service: ServiceView) -> bool:
    """Whether a metric demands a least number of requests.

    Raises:
        NotUnderstoodError: its conditions are beyond what is read.
    """
    if metric.provider != PROMETHEUS or subject_of(metric, service) is not Subject.TRAFFIC:
        return False
    scalar = gives_a_scalar(metric)
    few, many = (
        phase(*metric.conditions, answer_of(metric.provider, value, scalar=scalar))
        for value in (0.0, HUGE)
    )
    return few is not Phase.SUCCESSFUL and many is Phase.SUCCESSFUL
