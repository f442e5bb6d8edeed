"""AT-01: analyses that judge errors or latency, and of whose templates each can fail."""

from __future__ import annotations

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.analysis.analyses import Analysis, Metric
from flagstone.scorecards.engine.analysis.condition_reader import NotUnderstoodError
from flagstone.scorecards.engine.checks.release.analysis_answers import (
    not_read,
    subject_of,
    undecided,
)
from flagstone.scorecards.engine.checks.release.analysis_metrics import (
    NO_DATA,
    NOT_APPLICABLE,
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

_WORTH_JUDGING = frozenset({Subject.ERRORS, Subject.LATENCY})


@check(
    id="AT-01",
    name="The analysis judges errors or latency",
    severity=Severity.C,
    rule="At least one metric of the analyses of a Rollout, dry runs left out, must have a successCondition or "
    "failureCondition whose outcome changes with the answer, and for a service with HTTP traffic its query "
    "must be about errors or latency, neither only traffic nor resources (other languages than PromQL are "
    "not read, and pass). A template of which no metric can tell answers apart fails, and so does a "
    "condition that is an error whatever the answer.",
    why="A metric without a condition, or with one that is the same for every answer, decides "
    "nothing; one that only counts traffic lets every broken version pass.",
    remedy="Give at least one metric a successCondition or failureCondition that depends on its "
    "result, and let it measure an error ratio or a latency; remove a template that cannot fail.",
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
            continue
        _judge_idle_templates(metrics, findings)
        if not enough:
            _why_not(metrics, service, findings)
            if not metrics:
                message = "every metric of its analyses is a dry run, which changes nothing"
                findings.fault(message, rollout, "spec", "strategy")
    note_unseen(service, findings)
    return decide(findings, "errors or latency decide")


def _judge_idle_templates(metrics: list[Metric], findings: Findings) -> None:
    """Each template that a Rollout runs must be able to fail, also where another one decides."""
    runs: dict[tuple[Analysis, Manifest], list[Metric]] = {}
    for metric in metrics:
        runs.setdefault((metric.analysis, metric.template), []).append(metric)
    for run in runs.values():
        if all(map(_is_idle, run)):
            for metric in run:
                _note(metric, findings)


def _is_idle(metric: Metric) -> bool:
    try:
        return bool(undecided(metric))
    except NotUnderstoodError:
        return False


def _decides_on_quality(metric: Metric, service: ServiceView, findings: Findings) -> bool:
    """Whether one metric is enough; one that errs at every answer ends every rollout, so it is said."""
    try:
        problem = undecided(metric)
    except NotUnderstoodError:
        return False
    if problem.startswith("its condition has no value"):
        fault(findings, metric, problem)
    requests = service.kind is ServiceKind.HTTP
    return not problem and (not requests or subject_of(metric, service) in _WORTH_JUDGING)


def _why_not(metrics: list[Metric], service: ServiceView, findings: Findings) -> None:
    for metric in metrics:
        _note(metric, findings)
        found = subject_of(metric, service)
        if found in {Subject.TRAFFIC, Subject.RESOURCES}:
            fault(findings, metric, f"it measures {found}, neither errors nor latency", "provider")
        elif found is Subject.UNKNOWN:
            message = f"{metric.name}: whether it measures errors or latency cannot be told"
            findings.cannot_tell(message, metric.template, *metric.keys, "provider")


def _note(metric: Metric, findings: Findings) -> None:
    try:
        problem = undecided(metric)
    except NotUnderstoodError as reason:
        not_read(metric, reason, findings)
    else:
        if problem:
            fault(findings, metric, problem)
