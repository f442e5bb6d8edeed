"""VS-01: a timeout on every route, of Istio's own kind or of the Gateway API's."""

from __future__ import annotations

from typing import Any

from flagstone.policies.manifests.durations import go_duration
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.scorecards.engine.checks.mesh.traffic import only_for_looking
from flagstone.scorecards.engine.index import compatible
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.policy_checks import judge_objects
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.relations import destinations, gateway_backends, gateway_parents
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_LONGEST = 15.0  # seconds, as the policy has it for VirtualServices


@check(
    id="VS-01",
    name="Every route has a timeout",
    severity=Severity.C,
    rule="Each http rule of a VirtualService that has `route` must have a `timeout` that is a duration above 0 "
    f"and at most {_LONGEST:g}s (maxTimeout of the policy); redirects, direct responses, delegates, tls "
    "and tcp rules are not asked. In a mesh each Service with HTTP or gRPC traffic must be routed to by a "
    "VirtualService, or by an HTTPRoute whose rules with backendRefs have timeouts.request, or without it "
    "timeouts.backendRequest, within the same limits.",
    why="Istio's default is no timeout at all: one slow backend holds the threads and connections "
    "of every caller until they run out, and the outage spreads.",
    remedy="Set spec.http[].timeout on each rule that forwards, above 0 and at most 15s (in an "
    "HTTPRoute, spec.rules[].timeouts.request); a service in the mesh without either needs a VirtualService.",
    not_applicable="Only redirects, direct responses, delegates, tls or tcp rules; a service that "
    "is not in a mesh; a DaemonSet that no Service leads to.",
    no_data=unrendered("The VirtualService is"),
    policy=True,
)
def timeout(service: ServiceView, _params: NoParams) -> Outcome:
    findings, gateway_routes = Findings(), dict[Manifest, None]()
    for own in _fronts(service) if service.mesh else ():
        if _routes_to(service, own):
            continue
        found = [route for route in service.http_routes if _leads_to(route, own)]
        gateway_routes |= dict.fromkeys(found)
        if not found:
            message = f"no VirtualService routes to {own.name}, so its callers have no timeout"
            findings.missing(message, own)
    for route in gateway_routes:
        _judge_gateway_route(route, findings)
    return judge_objects(
        service,
        "VS-01",
        forwarding(service),
        good="every route has a timeout",
        nothing="no VirtualService with an http rule that forwards",
        found=findings,
    )


def forwarding(service: ServiceView) -> list[Manifest]:
    """The VirtualServices with a rule that forwards: not redirect, direct response or delegate."""
    return [
        manifest
        for manifest in service.virtual_services
        if any(mapping(rule).get("route") for rule in sequence(manifest.spec.get("http")))
    ]


def _fronts(service: ServiceView) -> list[Manifest]:
    """What callers name: the Services, or the workloads whose Services are not in view.

    A DaemonSet without a Service is an agent of its node, that has none elsewhere either. A Service
    by which a Rollout shows its new pods has no callers.
    """
    bare = [
        workload.manifest
        for workload in service.http_workloads
        if not workload.services and workload.pod and workload.manifest.kind != "DaemonSet"
    ]
    called = [own for own in service.http_services if not only_for_looking(service, own)]
    return [*called, *bare]


def _routes_to(service: ServiceView, own: Manifest) -> bool:
    """Whether a VirtualService in view has the Service among its hosts or destinations."""
    host = service.host(own.name, own)
    return any(
        service.host(text, manifest).same_as(host)
        for manifest in service.virtual_services
        for text in (*sequence(manifest.spec.get("hosts")), *(h for _, h in destinations(manifest)))
    )


def _leads_to(route: Manifest, own: Manifest) -> bool:
    """Whether an HTTPRoute is for a Service or forwards to it."""
    return any(
        name == own.name and compatible(namespace, own.namespace)
        for name, namespace in gateway_parents(route) + gateway_backends(route)
    )


def _judge_gateway_route(route: Manifest, findings: Findings) -> None:
    for position, rule in enumerate(map(mapping, sequence(route.spec.get("rules")))):
        if not rule.get("backendRefs"):
            continue
        findings.judged += 1
        problem = _timeout_problem(mapping(rule.get("timeouts")))
        if problem:
            message = f"{route.ref}: rules[{position}] {problem}"
            findings.fault(message, route, "spec", "rules", position, "timeouts")


def _timeout_problem(timeouts: dict[str, Any]) -> str:
    """What is wrong with a rule's timeouts; "" if a request ends in time."""
    name = "request" if timeouts.get("request") is not None else "backendRequest"
    given = timeouts.get(name)
    if given is None:
        return "has neither timeouts.request nor timeouts.backendRequest, so its callers have no timeout"
    seconds = go_duration(given)
    if seconds is None:
        return f"has the timeouts.{name} {given}, which is no duration such as 800ms or 3s"
    if seconds <= 0:
        return f"has the timeouts.{name} {given}, which switches it off"
    return f"has the timeouts.{name} {given}, which is above 15s" if seconds > _LONGEST else ""
