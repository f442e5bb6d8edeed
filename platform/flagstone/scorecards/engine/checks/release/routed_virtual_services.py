"""The VirtualServices whose weights a canary's Rollout changes, and which of their rules these are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.scorecards.engine.relations import ISTIO
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.workload_view import Workload

ROUTER = ("spec", "strategy", "canary", "trafficRouting", "istio")


@dataclass(frozen=True, slots=True)
class RoutedVirtualService:
    """One VirtualService that a Rollout names; `found` is None if it is not in the input."""

    workload: Workload
    keys: tuple[str | int, ...]
    name: str
    reference: dict[str, Any]
    found: Manifest | None

    @property
    def route_names(self) -> list[str]:
        return [str(name) for name in sequence(self.reference.get("routes"))]

    def http_rules(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The HTTP rules that the controller changes: those named, or the only one."""
        rules = [mapping(r) for r in sequence(self.found.spec.get("http"))] if self.found else []
        names = self.route_names
        for position, rule in enumerate(rules):
            if rule.get("name") in names or (not names and len(rules) == 1):
                yield position, rule


def routed(service: ServiceView) -> Iterator[RoutedVirtualService]:
    for workload in service.canaries:
        router = workload.subset_routing or {}
        references: list[tuple[tuple[str | int, ...], dict[str, Any]]] = [
            ((*ROUTER, "virtualServices", i), mapping(item))
            for i, item in enumerate(sequence(router.get("virtualServices")))
        ]
        if isinstance(router.get("virtualService"), dict):
            references.append(((*ROUTER, "virtualService"), router["virtualService"]))
        for keys, reference in references:
            name, _, namespace = str(reference.get("name") or "").partition(".")
            manifest = workload.manifest
            named = service.index.named(
                ISTIO,
                "VirtualService",
                name,
                near=manifest,
                namespace=namespace or manifest.namespace,
            )
            found = named[0] if named else None
            yield RoutedVirtualService(workload, keys, name, reference, found)
