"""SY-04: somebody is told when the canary fails, or falls silent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flagstone.policies.terraform.blocks import Block
from flagstone.policies.terraform.evaluation import Scope
from flagstone.policies.terraform.values import (
    Partial,
    Reference,
    Unknown,
    as_number,
    why_unknown,
)
from flagstone.scorecards.engine.canaries import Canary, blocks_of, points_at, value_of
from flagstone.scorecards.engine.checks.synthetics.judging import (
    NO_DATA,
    NOT_APPLICABLE,
    CanaryFindings,
    judge_canaries,
)
from flagstone.scorecards.engine.outcome import Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NAMESPACE = "CloudWatchSynthetics"
_METRICS = {"SuccessPercent": "Less", "Failed": "Greater"}
_ALARM = "aws_cloudwatch_metric_alarm"
_COMPOSITE = "aws_cloudwatch_composite_alarm"


@check(
    id="SY-04",
    name="An alarm tells somebody that the canary fails",
    severity=Severity.H,
    rule=f"Some aws_cloudwatch_metric_alarm watches {' or '.join(_METRICS)} of {_NAMESPACE} with this canary as the "
    "dimension CanaryName. It has alarm_actions, or a composite alarm that watches it has some, and "
    "actions_enabled is not false; it compares the right way round. A treat_missing_data other than breaching "
    "is a finding of medium severity, and of several alarms the best one counts.",
    why="A failing canary that tells nobody is a log file; one that stopped sends no data, and only "
    "`breaching` takes that for a failure.",
    remedy="Add an aws_cloudwatch_metric_alarm on CloudWatchSynthetics SuccessPercent (or Failed) with the "
    'dimension CanaryName of this canary, `alarm_actions`, and `treat_missing_data = "breaching"`.',
    not_applicable=NOT_APPLICABLE,
    no_data=f"The alarm may be in a module from elsewhere, or tell somebody by a composite alarm. {NO_DATA}",
)
def alarmed(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_canaries(service, _judge, "an alarm tells of failures")


def _judge(canary: Canary, findings: CanaryFindings) -> None:
    root = canary.module.root
    best: CanaryFindings | None = None
    maybe: tuple[Block, str] | None = None
    for alarm, scope in blocks_of(root, "resource", _ALARM):
        for metric in _metrics(alarm):
            about = _is_about(metric, scope, canary)
            if about is True:
                found = CanaryFindings()
                _judge_alarm(alarm, metric, scope, found)
                if best is None or _badness(found) < _badness(best):
                    best = found
            elif isinstance(about, str):
                maybe = maybe or (alarm, about)
    if best is not None:
        findings.faults += best.faults
        findings.unknown += best.unknown
    elif maybe is not None:
        findings.undecided(
            f"whether {maybe[0].address} is about it is not known: {maybe[1]}", maybe[0]
        )
    elif elsewhere := _elsewhere(canary):
        findings.undecided(f"no alarm is in view, but {elsewhere}", canary.block)
    else:
        message = "no alarm watches it: a failing canary tells nobody"
        findings.wrong(message, canary.block, absent=True)


def _badness(found: CanaryFindings) -> tuple[int, int]:
    return len(found.faults), len(found.unknown)


def _metrics(alarm: Block) -> Iterator[Block]:
    """The blocks that name a metric: the alarm itself, or those of its expression."""
    if "metric_name" in alarm.attributes:
        yield alarm
    for query in alarm.nested("metric_query"):
        yield from query.nested("metric")


def _is_about(metric: Block, scope: Scope, canary: Canary) -> bool | str:
    """Whether the metric is one of this canary's that tells of failures; why that is not known."""
    namespace = value_of(metric, "namespace", scope)
    name = value_of(metric, "metric_name", scope)
    if isinstance(namespace, str) and namespace != _NAMESPACE:
        return False
    if isinstance(name, str) and name not in _METRICS:
        return False
    dimensions = value_of(metric, "dimensions", scope)
    if namespace is None or name is None:
        return False
    watched = dimensions.get("CanaryName") if isinstance(dimensions, dict) else dimensions
    about = _same_canary(watched, canary)
    if about is False:
        return False
    reasons = [why_unknown(namespace), why_unknown(name), about if isinstance(about, str) else ""]
    return next(filter(None, reasons), "") or True


def _same_canary(watched: Any, canary: Canary) -> bool | str:
    if watched is None:
        return False
    if points_at(watched, canary.block, canary.scope):
        return True
    if isinstance(watched, Reference):
        return False
    name = canary.value("name")
    if watched == name:
        return True
    if isinstance(watched, Unknown | Partial):
        return why_unknown(watched)
    return why_unknown(name) or False


def _judge_alarm(alarm: Block, metric: Block, scope: Scope, findings: CanaryFindings) -> None:
    _judge_actions(alarm, scope, findings)
    missing = value_of(alarm, "treat_missing_data", scope)
    if findings.known(missing, alarm, "treat_missing_data") and missing != "breaching":
        told = "missing" if missing is None else str(missing)[:30]
        findings.wrong(
            f"treat_missing_data is {told!r}: a canary that stopped raises no alarm; use 'breaching'",
            alarm,
            "treat_missing_data",
            severity=Severity.M,
        )
    if metric is alarm:
        _judge_threshold(alarm, scope, findings)


def _judge_actions(alarm: Block, scope: Scope, findings: CanaryFindings) -> None:
    actions = value_of(alarm, "alarm_actions", scope)
    if value_of(alarm, "actions_enabled", scope) is False:
        findings.wrong("actions_enabled is false: the alarm tells nobody", alarm, "actions_enabled")
    elif isinstance(actions, list):
        if not any(action is not None and action != "" for action in actions):
            _without_action(alarm, scope, findings)
    elif actions is None:
        _without_action(alarm, scope, findings)
    else:
        findings.known(actions, alarm, "alarm_actions")


def _without_action(alarm: Block, scope: Scope, findings: CanaryFindings) -> None:
    for composite, other in blocks_of(scope.module.root, "resource", _COMPOSITE):
        if not value_of(composite, "alarm_actions", other):
            continue
        rule = value_of(composite, "alarm_rule", other)
        parts = rule.parts if isinstance(rule, Partial) else (rule,)
        name = value_of(alarm, "alarm_name", scope)
        if any(points_at(part, alarm, scope) for part in parts) or (
            isinstance(name, str) and any(isinstance(part, str) and name in part for part in parts)
        ):
            return
        if any(isinstance(part, Unknown) for part in parts):
            findings.undecided(f"what {composite.address} watches is not known", alarm)
            return
    findings.wrong("alarm_actions is empty: the alarm tells nobody", alarm, "alarm_actions")


def _judge_threshold(alarm: Block, scope: Scope, findings: CanaryFindings) -> None:
    """An alarm the wrong way round fires while all is well, or never."""
    metric = value_of(alarm, "metric_name", scope)
    comparison = value_of(alarm, "comparison_operator", scope)
    threshold = as_number(value_of(alarm, "threshold", scope))
    if not isinstance(comparison, str) or metric not in _METRICS:
        return
    if not comparison.startswith(_METRICS[metric]):
        message = f"{comparison} of {metric} fires while the canary succeeds"
        findings.wrong(message, alarm, "comparison_operator")
    elif metric == "SuccessPercent" and threshold == 0 and comparison == "LessThanThreshold":
        findings.wrong("SuccessPercent is never below 0", alarm, "threshold")


def _elsewhere(canary: Canary) -> str:
    """Where the alarm may be instead; "" if nowhere in view."""
    remotes = canary.module.root.remotes()
    if remotes:
        likely = next(
            (one for one in remotes if _NAMESPACE in str(one.block.attributes)), remotes[0]
        )
        return f"module.{likely.name} comes from elsewhere and may hold one"
    name = canary.value("name")
    snapshot = canary.module.reader.snapshot
    inside = {module.folder for module in canary.module.root.everywhere()}
    for path in snapshot.paths():
        if path.endswith((".tf", ".tf.json")) and path.rpartition("/")[0] not in inside:
            text = snapshot.read_text(path) or ""
            if _NAMESPACE in text and (not isinstance(name, str) or name in text):
                return f"{path} speaks of {_NAMESPACE}"
    return ""
