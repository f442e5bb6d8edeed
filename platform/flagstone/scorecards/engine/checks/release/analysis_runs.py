"""RO-06 and RO-07: an analysis that gets its arguments and lasts as long as the canary."""

from __future__ import annotations

import math
from typing import Any

from flagstone.policies.manifests.durations import pause_duration
from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.scorecards.engine.analysis.analyses import (
    Analysis,
    Keys,
    Metric,
    all_templates,
    references,
)
from flagstone.scorecards.engine.checks.release.analysis_metrics import note_unseen
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_NOT_IN_VIEW = (
    "Its templates are not in the input (RO-05 says which): score a folder that holds them too. "
    f"Or {unrendered('the Rollout or a template is')}"
)


@check(
    id="RO-06",
    name="Every analysis gets its arguments",
    severity=Severity.H,
    rule="Each argument of the templates of an analysis must have a value: from the analysis (in its `args`, a "
    "value that is not empty or a valueFrom), or from the templates, which must then not give it different "
    "ones.",
    why="An argument without a value is an error of the controller: the analysis never starts, "
    "and the rollout stops.",
    remedy="Supply each argument of the template that has no value of its own in the analysis' "
    "args, with a value or a valueFrom; give one argument one default.",
    not_applicable="There is no canary with an analysis.",
    no_data=_NOT_IN_VIEW,
)
def arguments(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for run in service.analyses:
        if run.rollout is None:
            continue
        findings.judged += 1
        supplied = _supplied(run)
        for name, values in sorted(_defaults(run).items()):
            if not values and name not in supplied:
                message = f"the argument {name} has no value"
                findings.fault(message, run.rollout, *run.keys, "args")
            elif len(values) > 1 and name not in supplied:
                message = f"the templates give the argument {name} different values"
                findings.fault(message, run.rollout, *run.keys, "templates")
    note_unseen(service, findings)
    return findings.verdict("every argument has a value", nothing="no analysis of a rollout")


def _supplied(run: Analysis) -> set[str]:
    return {
        str(arg.get("name"))
        for arg in map(mapping, sequence(run.raw.get("args")))
        if arg.get("value") not in (None, "") or mapping(arg.get("valueFrom"))
    }


def _defaults(run: Analysis) -> dict[str, set[str]]:
    """The arguments that the templates of a run have, each with the values that they give it."""
    found: dict[str, set[str]] = {}
    for template in run.templates:
        for arg in map(mapping, sequence(template.spec.get("args"))):
            found.setdefault(str(arg.get("name")), set()).update(_own_value(arg))
    return found


def _own_value(arg: dict[str, Any]) -> list[str]:
    value = arg.get("value")
    if value not in (None, ""):
        return [str(value)]
    return [str(arg["valueFrom"])] if arg.get("valueFrom") else []


@check(
    id="RO-07",
    name="The background analysis lasts as long as the canary",
    severity=Severity.M,
    rule="A background analysis (canary.analysis) needs a metric that measures without end (an interval, and no "
    "count), or whose initialDelay + count x interval is at least the sum of the pauses from startingStep "
    "on; a pause without a duration has no end. startingStep must be below the number of steps.",
    why="A metric with a count that is used up early looks away while the canary is still growing.",
    remedy="Leave count out of at least one metric of the background template (it runs to the "
    "end), and let startingStep be the number of a step that exists.",
    not_applicable="There is no background analysis.",
    no_data=_NOT_IN_VIEW,
)
def lasts(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.canaries:
        for role, _, keys, raw in references(workload.manifest):
            if role == "background" and raw:
                findings.judged += 1
                _check_start(workload, keys, raw, findings)
                if not all_templates(service.index, workload.manifest, raw):
                    message = "no template of the background analysis is in the input"
                    findings.cannot_tell(message, workload.manifest, *keys)
    for run in service.analyses:
        if run.role == "background" and run.rollout is not None:
            _check_length(service.surroundings.workload(run.rollout), run, findings)
    return findings.verdict("it lasts to the end", nothing="there is no background analysis")


def _start(raw: dict[str, Any]) -> int:
    start = raw.get("startingStep", 0)
    return start if isinstance(start, int) else 0


def _check_start(workload: Workload, keys: Keys, raw: dict[str, Any], findings: Findings) -> None:
    start = _start(raw)
    if start and start >= len(workload.steps):
        message = f"startingStep {start} is beyond the last of {len(workload.steps)} steps"
        findings.fault(message, workload.manifest, *keys, "startingStep")


def _check_length(workload: Workload, run: Analysis, findings: Findings) -> None:
    start = _start(run.raw)
    lasting = max(map(_seconds, run.metrics), default=0.0)
    wanted = sum(_pause(step) for step in workload.steps[start:])
    if lasting < wanted:
        message = f"its metrics end after {lasting:g} s, and the pauses take {_words(wanted)}"
        findings.fault(message, workload.manifest, *run.keys, "templates")


def _seconds(metric: Metric) -> float:
    """How long a metric measures; for ever without a count, or with one that an argument decides."""
    count = metric.count()
    return math.inf if count is None else metric.delay + count * (metric.interval or 0.0)


def _pause(step: dict[str, Any]) -> float:
    if not isinstance(step.get("pause"), dict):
        return 0.0
    duration = step["pause"].get("duration")
    return math.inf if duration is None else pause_duration(duration) or 0.0


def _words(seconds: float) -> str:
    return "as long as a person likes" if math.isinf(seconds) else f"{seconds:g} s"
