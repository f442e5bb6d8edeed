"""Every route in view, by the name of the host that callers in the mesh ask for."""

from __future__ import annotations

from flagstone.policies.manifests.objects import Manifest, sequence
from flagstone.scorecards.engine.relations import GATEWAY_API, ISTIO, Relations, gateway_parents


class RoutesInView:
    """The VirtualServices and HTTPRoutes of all services."""

    def __init__(self, relations: Relations) -> None:
        self._virtual: dict[str, list[Manifest]] = {}
        self._of_gateway_api: dict[str, list[Manifest]] = {}
        for route in relations.index.of_kind("VirtualService", ISTIO):
            for text in sequence(route.spec.get("hosts")):
                self._virtual.setdefault(relations.host(text, route).name, []).append(route)
        for route in relations.index.of_kind("HTTPRoute", GATEWAY_API):
            for name, _ in gateway_parents(route):
                self._of_gateway_api.setdefault(name, []).append(route)

    def virtual_services(self, host_name: str) -> list[Manifest]:
        """The VirtualServices for a host of that short (or external) name, in any namespace."""
        return self._virtual.get(host_name, [])

    def http_routes(self, service_name: str) -> list[Manifest]:
        """The HTTPRoutes for what is asked of a Service of that name, in any namespace."""
        return self._of_gateway_api.get(service_name, [])
