"""RO-05: a canary that is analysed, by templates that exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.analysis import analyses
from flagstone.scorecards.engine.analysis.analyses import ARGO
from flagstone.scorecards.engine.checks.release.rollouts import NO_CANARY
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload


@dataclass(frozen=True, slots=True)
class AnalysisParams:
    """What the clusters have besides the input.

    Attributes:
        known_templates: ClusterAnalysisTemplates that the platform team installs.
    """

    known_templates: tuple[str, ...] = ()


@check(
    id="RO-05",
    name="The canary is analysed",
    severity=Severity.C,
    rule="A canary must name a template in canary.analysis.templates, or in the analysis or experiment of a "
    "step before the first setWeight: 100. Each AnalysisTemplate must be in the input and in the Rollout's "
    "namespace; one with clusterScope: true must be in the input or in the parameter known_templates; and "
    "so must the templates that a template consists of.",
    why="Without analysis nobody but a person notices a bad canary; with a template that does not "
    "exist the controller sets InvalidSpec and the rollout never proceeds.",
    remedy="Name an AnalysisTemplate in canary.analysis.templates (background), or in an analysis "
    "step before the last weight, and keep that template in the same namespace.",
    not_applicable="There is no canary.",
    no_data="A template with clusterScope: true is not in the input: name it in the check's "
    "parameter known_templates if the platform installs it. "
    f"Or {unrendered('the Rollout or a template is')}",
    params=AnalysisParams,
)
def analysis(service: ServiceView, params: AnalysisParams) -> Outcome:
    findings = Findings()
    for workload in service.canaries:
        findings.judged += 1
        templates = list(_templates(workload))
        if not templates:
            findings.fault(
                "the canary has no analysis before the last weight",
                workload.manifest,
                "spec",
                "strategy",
                "canary",
            )
        for keys, template in templates:
            _resolve(service, workload, template, keys, params, findings)
    return findings.verdict("the canary is analysed, and each template exists", nothing=NO_CANARY)


def _templates(workload: Workload) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """The template references that are used before everybody is on the new version."""
    canary: tuple[str | int, ...] = ("spec", "strategy", "canary")
    background = sequence(dig(workload.canary, "analysis", "templates"))
    for i, template in enumerate(background):
        yield (*canary, "analysis", "templates", i), mapping(template)
    for i, step in enumerate(workload.steps):
        if step.get("setWeight") == 100:
            return
        keys = (*canary, "steps", i)
        for j, template in enumerate(sequence(dig(step, "analysis", "templates"))):
            yield (*keys, "analysis", "templates", j), mapping(template)
        for j, template in enumerate(sequence(dig(step, "experiment", "analyses"))):
            yield (*keys, "experiment", "analyses", j), mapping(template)


def _resolve(
    service: ServiceView,
    workload: Workload,
    template: dict[str, Any],
    keys: tuple[str | int, ...],
    params: AnalysisParams,
    findings: Findings,
) -> None:
    manifest, name = workload.manifest, str(template.get("templateName") or "")
    if template.get("clusterScope") is True:
        known = service.index.everywhere(ARGO, "ClusterAnalysisTemplate", name)
        if not known and name not in params.known_templates:
            message = f"ClusterAnalysisTemplate {name} is not in the input"
            findings.cannot_tell(message, manifest, *keys, "templateName")
    elif not service.index.named(ARGO, "AnalysisTemplate", name, near=manifest):
        place = f" in namespace {manifest.namespace}" if manifest.namespace else ""
        message = f"AnalysisTemplate {name or '(no name)'} does not exist{place}"
        findings.missing(message, manifest, *keys, "templateName")
    else:
        _resolve_parts(service, manifest, template, params, findings)


def _resolve_parts(
    service: ServiceView,
    rollout: Manifest,
    reference: dict[str, Any],
    params: AnalysisParams,
    findings: Findings,
) -> None:
    """The templates that a template consists of must exist too."""
    for one in analyses.all_templates(service.index, rollout, reference):
        for i, raw in enumerate(sequence(one.spec.get("templates"))):
            part = mapping(raw)
            name = str(part.get("templateName") or "")
            if analyses.template(service.index, one, part) or name in params.known_templates:
                continue
            message = f"it consists of a template {name}, which is not in the input"
            unknown = part.get("clusterScope") is True
            note = findings.cannot_tell if unknown else findings.missing
            note(message, one, "spec", "templates", i, "templateName")
