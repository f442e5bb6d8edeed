"""RO: Argo Rollouts, so that a bad version meets few users and leaves by itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.analysis import analyses
from flagstone.scorecards.engine.outcome import Findings, Outcome, not_applicable
from flagstone.scorecards.engine.policy_checks import judge_objects
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

ARGO = "argoproj.io"
_NOT_ROUTERS = frozenset({"managedRoutes", "maxTrafficWeight"})
_IN_VIEW = "Everything it looks at is in the Rollout itself."
_NO_CANARY = "no Rollout with a canary strategy (RO-01 and RO-02 look after that)"


@check(
    id="RO-01",
    name="The service runs as a Rollout",
    severity=Severity.H,
    why="A Deployment sends every user to the new version as fast as pods start; nothing measures "
    "it and nothing takes it back.",
    remedy="Turn the Deployment into an Argo Rollouts Rollout with a canary strategy (the pod "
    "template stays as it is), or let a Rollout borrow it by workloadRef.",
    not_applicable="Services without an HTTP or gRPC port; StatefulSets and DaemonSets, which a "
    "Rollout does not replace; a Deployment that a Rollout borrows.",
    no_data=unrendered("The Service or the workload is"),
)
def is_rollout(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.http_workloads:
        manifest = workload.manifest
        if manifest.kind in {"StatefulSet", "DaemonSet"}:
            continue
        findings.judged += 1
        if workload.is_rollout:
            continue
        message = f"{manifest.ref} takes traffic and is no Rollout"
        if manifest.labels.get("paved.example.com/rollout") == "exempt":
            message += "; the label rollout: exempt needs a waiver with a reason and a date"
        findings.fault(message, manifest, "kind")
    return findings.verdict(
        "its pods come from a Rollout",
        nothing="no Deployment or Rollout here takes HTTP or gRPC traffic",
    )


def _rollouts_by_policy(service: ServiceView, check_id: str, good: str) -> Outcome:
    return judge_objects(
        service,
        check_id,
        [workload.manifest for workload in service.workloads if workload.is_rollout],
        good=good,
        nothing="there is no Rollout",
    )


@check(
    id="RO-02",
    name="The Rollout has exactly one safe strategy",
    severity=Severity.C,
    why="Without a strategy, or with both, the controller refuses the Rollout; a blue-green switch "
    "without analysis sends everybody to an untested version at once.",
    remedy="Set spec.strategy.canary; or blueGreen with prePromotionAnalysis.templates and two "
    "different services.",
    not_applicable="There is no Rollout (RO-01).",
    no_data=_IN_VIEW,
    policy=True,
)
def strategy(service: ServiceView, _params: NoParams) -> Outcome:
    return _rollouts_by_policy(service, "RO-02", "exactly one strategy, and a safe one")


def _canaries_by_policy(service: ServiceView, check_id: str, good: str) -> Outcome:
    return judge_objects(
        service,
        check_id,
        [workload.manifest for workload in service.canaries],
        good=good,
        nothing=_NO_CANARY,
    )


@check(
    id="RO-03",
    name="The canary grows in steps",
    severity=Severity.H,
    why="Without setWeight a canary is a plain rolling update; with a first step that is too big, a "
    "bad version meets many users before anything measured it.",
    remedy="Use at least two different setWeight steps below 100, rising, the first at most 20.",
    not_applicable="There is no canary.",
    no_data=_IN_VIEW,
    policy=True,
)
def steps(service: ServiceView, _params: NoParams) -> Outcome:
    return _canaries_by_policy(service, "RO-03", "the weights rise from a small one")


@check(
    id="RO-04",
    name="The canary is watched between steps",
    severity=Severity.H,
    why="Steps without time between them are one step: no measurement can see the new version "
    "before it has everybody.",
    remedy="Put a pause with a duration above 0, or an analysis, between each increase up to 50. Everybody "
    "gets the new version after the last step, so let a weight below 50 be followed by one there too.",
    not_applicable="There is no canary.",
    no_data=_IN_VIEW,
    policy=True,
)
def pauses(service: ServiceView, _params: NoParams) -> Outcome:
    return _canaries_by_policy(service, "RO-04", "every increase is followed by a look")


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
    why="Without analysis nobody but a person notices a bad canary; with a template that does not "
    "exist the controller sets InvalidSpec and the rollout never proceeds.",
    remedy="Name an AnalysisTemplate in canary.analysis.templates (background), or in an analysis "
    "step before the last weight, and keep that template in the same namespace.",
    not_applicable="There is no canary.",
    no_data="A template with clusterScope: true is not in the input: name it in the check's "
    "parameter known_templates if the platform installs it.",
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
    return findings.verdict("the canary is analysed, and each template exists", nothing=_NO_CANARY)


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


@check(
    id="RO-08",
    name="The canary's weight is real traffic",
    severity=Severity.C,
    why="Without a traffic router the weights are approximated by counting pods: with three pods, "
    "10% is a third of the users, and with one pod all of them.",
    remedy="Set canary.trafficRouting.istio with the VirtualService and its routes, and the "
    "DestinationRule with the canary and stable subsets.",
    not_applicable="There is no canary, the workload takes no traffic, or nothing says that the "
    "service is in a mesh: then its pods must be enough for the first weight.",
    no_data=unrendered("The Rollout is"),
)
def traffic_routing(service: ServiceView, _params: NoParams) -> Outcome:
    serving = [workload for workload in service.canaries if workload.serves]
    if not serving:
        return not_applicable("no canary that takes traffic")
    findings = Findings()
    for workload in serving:
        if not service.mesh:
            _check_pods_for_weights(workload, findings)
            continue
        findings.judged += 1
        if not _has_router(workload):
            findings.fault(
                "the canary has no traffic router, so its weights only count pods "
                f"({service.mesh})",
                workload.manifest,
                "spec",
                "strategy",
                "canary",
                *(("trafficRouting",) if "trafficRouting" in (workload.canary or {}) else ()),
            )
    by = "a router" if all(map(_has_router, serving)) else "the number of pods"
    nothing = f"nothing says that the service is in a mesh: {by} stands for its weights"
    return findings.verdict("a traffic router splits by weight", nothing=nothing)


def _has_router(workload: Workload) -> bool:
    routing = mapping((workload.canary or {}).get("trafficRouting"))
    return any(routing.get(router) for router in routing.keys() - _NOT_ROUTERS)


def _check_pods_for_weights(workload: Workload, findings: Findings) -> None:
    """Without a router the first weight needs as many pods as make one of them its share."""
    if not workload.scalers and workload.manifest.spec.get("replicas") is None:
        return  # its size is not in view (RO-14)
    first = next((weight for weight in workload.weights if weight > 0), 100)
    needed, pods = math.ceil(100 / first), workload.min_replicas
    if pods is not None and pods < needed and not _has_router(workload):
        message = (
            f"pods stand for weights: of {pods} none is {first}%, which takes {needed} of them"
        )
        keys = ("spec", "strategy", "canary", "steps")
        findings.warn(message, workload.manifest, *keys, severity=Severity.M)
