"""RO: Argo Rollouts, so that a bad version meets few users and leaves by itself."""

from __future__ import annotations

import math

from flagstone.policies.manifests.objects import mapping
from flagstone.scorecards.engine.outcome import Findings, Outcome, not_applicable
from flagstone.scorecards.engine.policy_checks import judge_objects
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_NOT_ROUTERS = frozenset({"managedRoutes", "maxTrafficWeight"})
_IN_VIEW = unrendered("The Rollout is")
NO_CANARY = "no Rollout with a canary strategy (RO-01 and RO-02 look after that)"


@check(
    id="RO-01",
    name="The service runs as a Rollout",
    severity=Severity.H,
    rule="Each workload with HTTP or gRPC traffic must be a Rollout of argoproj.io, except StatefulSets and "
    "DaemonSets. A workload has such traffic by the ports of its Services, or where none is in view by "
    "those of its containers; ports for metrics, health and the like do not count. The label "
    "paved.example.com/rollout: exempt is not enough: it needs a waiver.",
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
    rule="spec.strategy must have exactly one of canary and blueGreen. A blueGreen needs at least one entry in "
    "prePromotionAnalysis.templates, and its previewService must not be its activeService.",
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
        nothing=NO_CANARY,
    )


@check(
    id="RO-03",
    name="The canary grows in steps",
    severity=Severity.H,
    rule="The steps must have at least two different setWeight below 100, none lower than the one before it, "
    "and the first at most 20 (maxFirstWeight of the policy). Weights count in percent of "
    "trafficRouting.maxTrafficWeight where that is set; one that is no number from 0 to that fails as "
    "critical.",
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
    rule="Between each setWeight below 50 and a higher one that follows there must be a pause, an analysis, or "
    "an experiment with analyses; and so after the last setWeight, if that is below 50. A pause's duration "
    "must be above 0, in seconds or with the units s, m and h; one without a duration waits for a person, "
    "and is enough. Pauses of 2h (maxTotalPause of the policy) or more altogether fail as medium.",
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


@check(
    id="RO-08",
    name="The canary's weight is real traffic",
    severity=Severity.C,
    rule="A canary that takes traffic, of a service in the mesh, must have a router with settings in "
    "trafficRouting; managedRoutes and maxTrafficWeight are none. The service is in the mesh if its pods "
    "ask for a sidecar, or it has a VirtualService or DestinationRule, or its namespace has one or is "
    "labelled for the mesh and neither the pods refuse the sidecar nor the namespace injection. Outside of "
    "a mesh a canary without a router warns as medium if fewer pods run (the minimum of the autoscaler, "
    "else `replicas`) than 100 / first weight, rounded up.",
    why="Without a traffic router the weights are approximated by counting pods: with three pods, "
    "10% is a third of the users, and with one pod all of them.",
    remedy="Set canary.trafficRouting.istio with the VirtualService and its routes, and the "
    "DestinationRule with the canary and stable subsets.",
    not_applicable="There is no canary, the workload takes no traffic, or nothing says that the "
    "service is in a mesh: then its pods must be enough for the first weight.",
    no_data=_IN_VIEW,
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
