"""Where the requests to a host really go, and which DestinationRules act on them.

A route that acts in the mesh sends what is asked of its hosts to its destinations: then these are what a
circuit breaker has to be about, and one for the host that callers name acts on nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.mesh import MeshHost
from flagstone.scorecards.engine.relations import (
    ISTIO,
    destinations,
    gateway_backends,
    gateway_parents,
)
from flagstone.scorecards.engine.services import ServiceView

_DEEPEST = 1  # Istio follows a delegate, and not the delegates of that


def acts_in_mesh(route: Manifest) -> bool:
    """Whether a VirtualService is for callers in the mesh, not only for those at a gateway."""
    gateways = sequence(route.spec.get("gateways"))
    return not gateways or "mesh" in gateways


def is_about(service: ServiceView, rule: Manifest, host: MeshHost) -> bool:
    """Whether a DestinationRule is for a host, by its name or by a wildcard."""
    text = str(rule.spec.get("host") or "")
    if "*" not in text:
        return service.host(text, rule).same_as(host)
    full = host.name if host.external else f"{host.name}.{host.namespace}.svc.cluster.local"
    return fnmatchcase(full, text)


def destinations_of(
    service: ServiceView, host: MeshHost, routes: Iterable[Manifest]
) -> list[MeshHost]:
    """The hosts that get what callers in the mesh ask of `host`; none if no route forwards it."""
    found: dict[MeshHost, None] = {}
    for route in routes:
        if acts_in_mesh(route) and _is_for(service, route, host):
            found |= dict.fromkeys(_forwarded(service, route, _DEEPEST))
    return list(found)


def _forwarded(service: ServiceView, route: Manifest, depth: int) -> Iterator[MeshHost]:
    """Where the HTTP routes of a VirtualService lead, those of the ones that it delegates to among them."""
    yield from (service.host(text, route) for _, text in _http(route))
    for rule in map(mapping, sequence(route.spec.get("http"))):
        delegate = mapping(rule.get("delegate"))
        name = delegate.get("name")
        if not depth or not isinstance(name, str):
            continue
        namespace = str(delegate.get("namespace") or route.namespace)
        found = service.index.named(ISTIO, "VirtualService", name, near=route, namespace=namespace)
        for other in found[:1]:
            yield from _forwarded(service, other, depth - 1)


def own_hosts_in_use(service: ServiceView) -> Iterator[tuple[MeshHost, Manifest]]:
    """The hosts of a service that get its requests, each with the object that says so."""
    found: list[MeshHost] = []
    for workload in service.http_workloads:
        if workload.splits_hosts:
            for name in filter(None, workload.canary_services):
                found.append(service.host(name, workload.manifest))
                yield found[-1], workload.manifest
    routed = [
        service.host(text, route)
        for route in service.virtual_services
        for _, text in destinations(route)
    ]
    routed += [MeshHost(*name) for route in service.http_routes for name in gateway_backends(route)]
    for own in service.http_services:
        host = service.host(own.name, own)
        if any(host.same_as(other) for other in found):
            continue
        if any(host.same_as(other) for other in routed) or not (
            destinations_of(service, host, service.virtual_services)
            or _has_gateway_route(service, host)
            or only_for_looking(service, own)
        ):
            yield host, own


def _is_for(service: ServiceView, route: Manifest, host: MeshHost) -> bool:
    hosts = sequence(route.spec.get("hosts"))
    return any(service.host(text, route).same_as(host) for text in hosts)


def _has_gateway_route(service: ServiceView, host: MeshHost) -> bool:
    """Whether an HTTPRoute sends what callers in the mesh ask of a host elsewhere."""
    return any(
        gateway_backends(route)
        and any(MeshHost(*name).same_as(host) for name in gateway_parents(route))
        for route in service.http_routes
    )


def _http(route: Manifest) -> Iterator[tuple[tuple[str | int, ...], object]]:
    return ((keys, text) for keys, text in destinations(route) if keys[1] == "http")


def only_for_looking(service: ServiceView, own: Manifest) -> bool:
    """Whether a Service is one by which a Rollout shows its new pods, while the traffic goes another way."""
    for workload in service.http_workloads:
        canary = workload.canary or {}
        routers = mapping(canary.get("trafficRouting"))
        names = [dig(workload.manifest.spec, "strategy", "blueGreen", "previewService")]
        if routers.keys() <= {"istio"} and not workload.splits_hosts:
            names.append(canary.get("canaryService"))
        if own in workload.services and own.name in names:
            return True
    return False
