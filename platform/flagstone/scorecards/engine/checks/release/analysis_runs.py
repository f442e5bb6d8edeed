"""RO-06 and RO-07: an analysis that gets its arguments and lasts as long as the canary."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.durations import go_duration, pause_duration
from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_ARGO = "argoproj.io"
_CANARY: tuple[str | int, ...] = ("spec", "strategy", "canary")
_NOT_IN_VIEW = "Its templates are not in the input (RO-05 says which)."


@dataclass(frozen=True, slots=True)
class _Run:
    """One analysis of a canary: where it stands, its arguments and the templates in view."""

    keys: tuple[str | int, ...]
    raw: dict[str, Any]
    templates: list[Manifest]

    @property
    def supplied(self) -> set[str]:
        return {
            str(arg.get("name"))
            for arg in map(mapping, sequence(self.raw.get("args")))
            if arg.get("value") not in (None, "") or mapping(arg.get("valueFrom"))
        }


def _runs(service: ServiceView, workload: Workload) -> Iterator[_Run]:
    found = [((*_CANARY, "analysis"), mapping(dig(workload.canary, "analysis")))]
    for i, step in enumerate(workload.steps):
        found.append(((*_CANARY, "steps", i, "analysis"), mapping(step.get("analysis"))))
        for j, item in enumerate(sequence(dig(step, "experiment", "analyses"))):
            keys = (*_CANARY, "steps", i, "experiment", "analyses", j)
            found.append((keys, mapping(item)))
    for keys, raw in found:
        references = [*map(mapping, sequence(raw.get("templates")))] or [raw]
        templates = [t for reference in references for t in _template(service, workload, reference)]
        if templates:
            yield _Run(keys, raw, templates)


def _template(
    service: ServiceView, workload: Workload, reference: dict[str, Any]
) -> list[Manifest]:
    name = str(reference.get("templateName") or "")
    if reference.get("clusterScope") is True:
        return service.index.everywhere(_ARGO, "ClusterAnalysisTemplate", name)[:1]
    return service.index.named(_ARGO, "AnalysisTemplate", name, near=workload.manifest)[:1]


@check(
    id="RO-06",
    name="Every analysis gets its arguments",
    severity=Severity.H,
    why="An argument without a value is an error of the controller: the analysis never starts, "
    "and the rollout stops.",
    remedy="Supply each argument of the template that has no value of its own in the analysis' "
    "args, with a value or a valueFrom; give one argument one default.",
    not_applicable="There is no canary with an analysis.",
    no_data=_NOT_IN_VIEW,
)
def arguments(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.canaries:
        for run in _runs(service, workload):
            findings.judged += 1
            defaults: dict[str, set[str]] = {}
            for arg in _declared(run):
                defaults.setdefault(str(arg.get("name")), set()).update(_own_value(arg))
            for name, values in sorted(defaults.items()):
                if not values and name not in run.supplied:
                    message = f"the argument {name} has no value"
                    findings.fault(message, workload.manifest, *run.keys, "args")
                elif len(values) > 1 and name not in run.supplied:
                    message = f"the templates give the argument {name} different values"
                    findings.fault(message, workload.manifest, *run.keys, "templates")
    return findings.verdict("every argument has a value", nothing="no canary with an analysis")


def _declared(run: _Run) -> Iterator[dict[str, Any]]:
    for template in run.templates:
        yield from map(mapping, sequence(template.spec.get("args")))


def _own_value(arg: dict[str, Any]) -> list[str]:
    value = arg.get("value")
    if value not in (None, ""):
        return [str(value)]
    return [str(arg["valueFrom"])] if arg.get("valueFrom") else []


@check(
    id="RO-07",
    name="The background analysis lasts as long as the canary",
    severity=Severity.M,
    why="A metric with a count that is used up early looks away while the canary is still growing.",
    remedy="Leave count out of at least one metric of the background template (it runs to the "
    "end), and let startingStep be the number of a step that exists.",
    not_applicable="There is no background analysis.",
    no_data=_NOT_IN_VIEW,
)
def lasts(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.canaries:
        for run in _runs(service, workload):
            if run.keys == (*_CANARY, "analysis"):
                findings.judged += 1
                _check_length(workload, run, findings)
    return findings.verdict("it lasts to the end", nothing="there is no background analysis")


def _check_length(workload: Workload, run: _Run, findings: Findings) -> None:
    start = run.raw.get("startingStep", 0)
    start = start if isinstance(start, int) else 0
    if start and start >= len(workload.steps):
        message = f"startingStep {start} is beyond the last of {len(workload.steps)} steps"
        findings.fault(message, workload.manifest, *run.keys, "startingStep")
    metrics = [
        mapping(metric)
        for template in run.templates
        for metric in sequence(template.spec.get("metrics"))
    ]
    lasting = max((_seconds(metric) for metric in metrics), default=0.0)
    wanted = sum(_pause(step) for step in workload.steps[start:])
    if lasting < wanted:
        message = f"its metrics end after {lasting:g} s, and the pauses take {_words(wanted)}"
        findings.fault(message, workload.manifest, *run.keys, "templates")


def _seconds(metric: dict[str, Any]) -> float:
    """How long a metric measures; for ever without a count."""
    count = metric.get("count")
    if count in (None, 0, "0"):
        return math.inf
    try:
        times = int(str(count))
    except ValueError:
        return math.inf  # an argument decides
    return times * (go_duration(metric.get("interval")) or 0.0)


def _pause(step: dict[str, Any]) -> float:
    if not isinstance(step.get("pause"), dict):
        return 0.0
    duration = step["pause"].get("duration")
    return math.inf if duration is None else pause_duration(duration) or 0.0


def _words(seconds: float) -> str:
    return "as long as a person likes" if math.isinf(seconds) else f"{seconds:g} s"
