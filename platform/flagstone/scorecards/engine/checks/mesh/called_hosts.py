"""DR-06: what a service calls has a circuit breaker that the service sees."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.policies.manifests.objects import Manifest, sequence
from flagstone.scorecards.engine.checks.mesh.traffic import (
    acts_in_mesh,
    destinations_of,
    is_about,
    own_hosts_in_use,
)
from flagstone.scorecards.engine.mesh import MeshHost
from flagstone.scorecards.engine.outcome import Findings, Outcome, no_data
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.relations import (
    ISTIO,
    destinations,
    gateway_backends,
    gateway_parents,
)
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_RUNNING = (
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("argoproj.io", "Rollout"),
    ("batch", "CronJob"),
)
_ROOT_NAMESPACE = "istio-system"
_UNDECLARED = (
    "what it calls is not declared: list it as dependsOn in its catalog-info.yaml ([] for nothing)"
)


@check(
    id="DR-06",
    name="What it calls has a circuit breaker",
    severity=Severity.H,
    rule="Of a service in the mesh each host that it calls must have a DestinationRule for that host, or a "
    f"wildcard around it, in the caller's namespace, in the host's or in {_ROOT_NAMESPACE}, and exported "
    "to the caller. What it calls are the components in dependsOn of its catalog entity and the "
    "destinations of VirtualServices that do not lead to itself; where a route sends the requests to other "
    "hosts, these are asked.",
    why="A dependency without a DestinationRule that the caller sees has no bounded pool and no "
    "ejection: when it becomes slow, so does the caller.",
    remedy="Add a DestinationRule for the host in the caller's namespace, or let the one in the "
    "host's namespace be exported to it (exportTo).",
    not_applicable="The service is in no mesh, or declares that it calls nothing (dependsOn: []).",
    no_data="What it calls is not declared, or the dependency's namespace is not in the input: list what it "
    "calls as dependsOn in its catalog-info.yaml ([] for nothing), and score a folder that holds those too. "
    f"Or {unrendered('a DestinationRule is')}",
)
def protected(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    if not service.mesh or not service.workloads:
        return findings.verdict("", nothing="the service is in no mesh")
    declared = None if service.component is None else service.component.spec.get("dependsOn")
    for near, keys, host in _called(service):
        findings.judged += 1
        _check_host(service, host, near, keys, findings)
    for position, text in enumerate(sequence(declared)):
        _check_component(service, str(text), ("spec", "dependsOn", position), findings)
    if declared is None and not findings.judged:
        return no_data(_UNDECLARED)
    return findings.verdict("every host that it calls is protected", nothing="it calls nothing")


def _called(service: ServiceView) -> Iterator[tuple[Manifest, tuple[str | int, ...], MeshHost]]:
    """The hosts of others that it has routes of its own to."""
    own = [service.host(manifest.name, manifest) for manifest in service.of_kind("Service", "")]
    for manifest in service.virtual_services:
        if not acts_in_mesh(manifest):
            continue
        found = [(keys, service.host(text, manifest)) for keys, text in destinations(manifest)]
        if not any(host.same_as(one) for _, host in found for one in own):
            seen: dict[MeshHost, tuple[str | int, ...]] = {}
            for keys, host in found:
                seen.setdefault(host, keys)
            for host, keys in seen.items():
                yield manifest, (*keys, "host"), host


def _check_component(
    service: ServiceView, text: str, keys: tuple[str | int, ...], findings: Findings
) -> None:
    kind, _, rest = text.rpartition(":")
    name = rest.rpartition("/")[2]
    entity, index = service.component, service.index
    services = index.everywhere("", "Service", name)
    if entity is None or (kind.lower() not in {"", "component"} and not services):
        return  # a database or a queue that no Service stands for
    routed = _reached(service, service.host(name, entity))
    if not services and not routed:
        routed = _hosts_of_component(service, name)
    if not services and not routed and _takes_no_calls(service, name):
        return  # a worker is reached by a queue, or not at all
    if not services and not routed:
        findings.judged += 1
        if not service.surroundings.destination_rules(name):
            findings.cannot_tell(f"the host of {text} is not in the input", entity, *keys)
    hosts = [service.host(one.name, one) for one in services]
    ends = [end for own in hosts for end in _reached(service, own) or [own]] or routed
    for host in dict.fromkeys(ends):
        findings.judged += 1
        _check_host(service, host, entity, keys, findings)


def _takes_no_calls(service: ServiceView, name: str) -> bool:
    """Whether what has that name runs in view without any Service."""
    around = service.surroundings.relations.around
    running = [m for kind in _RUNNING for m in service.index.everywhere(*kind, name) if m in around]
    return bool(running) and not any(
        other.kind == "Service" for one in running for other in around[one]
    )


def _hosts_of_component(service: ServiceView, name: str) -> list[MeshHost]:
    """The hosts of a component in view, whose Services have names of their own."""
    views = (view for view in service.surroundings.services if view.component is not None)
    return [
        host
        for view in views
        if view.name.lower() == name.lower()
        for host, _ in own_hosts_in_use(view)
    ]


def _reached(service: ServiceView, host: MeshHost) -> list[MeshHost]:
    """Where the routes that the service sees send what it asks of a host; none if there is no route."""
    callers = _namespaces(service)
    routes = [
        route
        for route in service.surroundings.routes.virtual_services(host.name)
        if any(_is_exported(route, caller) for caller in callers)
    ]
    found = destinations_of(service, host, routes)
    for route in service.surroundings.routes.http_routes(host.name):
        # a route in a third namespace is for the callers of that namespace only
        if route.namespace in {host.namespace, *callers} and any(
            MeshHost(*parent).same_as(host) for parent in gateway_parents(route)
        ):
            found += [MeshHost(*name) for name in gateway_backends(route)]
    return list(dict.fromkeys(found))


def _check_host(
    service: ServiceView,
    host: MeshHost,
    near: Manifest,
    keys: tuple[str | int, ...],
    findings: Findings,
) -> None:
    namespaces = _namespaces(service)
    rules = [
        rule
        for rule in service.index.of_kind("DestinationRule", ISTIO)
        if is_about(service, rule, host)
    ]
    if any(_visible(rule, host, caller) for rule in rules for caller in namespaces):
        return
    hidden = f": {rules[0].ref} is not exported to it" if rules else ""
    message = f"no DestinationRule for {host} is visible to {service.name}{hidden}"
    known = host.namespace in service.surroundings.service_namespaces
    if rules or (known and not host.external) or host.namespace in namespaces:
        findings.missing(message, near, *keys)
    else:
        findings.cannot_tell(f"{message} in the input", near, *keys)


def _namespaces(service: ServiceView) -> set[str]:
    return {workload.manifest.namespace for workload in service.workloads}


def _visible(rule: Manifest, host: MeshHost, caller: str) -> bool:
    """Istio looks in the caller's namespace, then in the host's, then in the root namespace."""
    places = {caller, host.namespace, _ROOT_NAMESPACE, ""}
    return _is_exported(rule, caller) and (rule.namespace in places or not host.namespace)


def _is_exported(manifest: Manifest, caller: str) -> bool:
    exported = [str(name) for name in sequence(manifest.spec.get("exportTo"))] or ["*"]
    own = "." in exported and manifest.namespace == caller
    return "*" in exported or caller in exported or own
