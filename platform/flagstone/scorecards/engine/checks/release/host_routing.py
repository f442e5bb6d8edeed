"""RO-12: routing between two Services, for canaries that do not use subsets."""

from __future__ import annotations

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.checks.release.routed_virtual_services import routed
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.relations import destinations
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_CANARY = ("spec", "strategy", "canary")


@check(
    id="RO-12",
    name="A canary without subsets has two Services",
    severity=Severity.C,
    rule="Where trafficRouting.istio has no destinationRule, canaryService and stableService (or pingPong's "
    "two) must be two different Services that are in the input and select the Rollout's pods, and each "
    "routed VirtualService must have both among its destinations.",
    why="Without subsets Istio splits between two hosts: with one Service missing, or one for "
    "both, the controller refuses the Rollout or sends everybody everywhere.",
    remedy="Set canaryService and stableService to two Services that both select the pods, and "
    "name both hosts in the routed VirtualService; or use subsets.",
    not_applicable="No canary is routed by Istio, or it is routed by subsets (RO-11).",
    no_data="The pods come from a workloadRef that is not in the input: score a folder that holds it too. "
    f"Or {unrendered('the Rollout or a Service is')}",
)
def two_services(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.canaries:
        if not workload.splits_hosts:
            continue
        findings.judged += 1
        names = workload.canary_services
        if not all(names) or names[0] == names[1]:
            message = "canaryService and stableService must name two different Services"
            findings.fault(message, workload.manifest, *_CANARY)
            continue
        for name in names:
            _check_service(service, workload, name, findings)
    return findings.verdict("both Services exist", nothing="Istio routes no canary between hosts")


def _check_service(service: ServiceView, workload: Workload, name: str, findings: Findings) -> None:
    manifest = workload.manifest
    found = service.index.named("", "Service", name, near=manifest)
    if not found:
        findings.missing(f"there is no Service {name}", manifest, *_CANARY)
        return
    if workload.unresolved:
        findings.cannot_tell(workload.unresolved, manifest, "spec", "workloadRef")
    elif manifest not in service.relations.behind_service(found[0]):
        message = f"Service {name} does not select the pods of {manifest.ref}"
        findings.fault(message, found[0], "spec", "selector")
    for route in routed(service):
        if (
            route.workload is workload
            and route.found
            and not _names_host(service, route.found, found[0])
        ):
            message = f"{route.found.ref} does not route to {name}"
            findings.fault(message, route.found, "spec", "http")


def _names_host(service: ServiceView, route: Manifest, own: Manifest) -> bool:
    host = service.host(own.name, own)
    return any(service.host(text, route).same_as(host) for _, text in destinations(route))
