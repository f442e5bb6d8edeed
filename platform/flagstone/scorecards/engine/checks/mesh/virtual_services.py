"""VS-05 and VS-06: routes that Istio takes, to destinations that exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.mesh import MeshHost
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.relations import ISTIO, destinations
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NO_VIRTUAL_SERVICE = "the service has no VirtualService"
_IN_VIEW = unrendered("The VirtualService is")


@check(
    id="VS-05",
    name="The weights of a route sum to 100",
    severity=Severity.C,
    rule="In each http, tls and tcp rule of a VirtualService the weights of the destinations must be whole "
    "numbers, none below 0, and sum to 100; one left out counts as 0. A rule with one destination may "
    "leave its weight out.",
    why="Istio refuses the VirtualService, and the last version that it accepted stays in force.",
    remedy="Make the weights of each rule's destinations sum to 100, or give its only destination "
    "no weight.",
    not_applicable="The service has no VirtualService with a rule that forwards.",
    no_data=_IN_VIEW,
)
def weights(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for manifest in service.virtual_services:
        for protocol in ("http", "tls", "tcp"):
            for i, rule in enumerate(map(mapping, sequence(manifest.spec.get(protocol)))):
                route = [mapping(item) for item in sequence(rule.get("route"))]
                if not route:
                    continue
                findings.judged += 1
                problem = _weight_problem([item.get("weight") for item in route])
                if problem:
                    message = f"{protocol}[{i}]: {problem}"
                    findings.fault(message, manifest, "spec", protocol, i, "route")
    return findings.verdict(
        "the weights of every route sum to 100",
        nothing="no VirtualService with a rule that forwards",
    )


def _weight_problem(weights: list[Any]) -> str:
    if weights == [None]:
        return ""
    numbers = [0 if weight is None else weight for weight in weights]
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            return f"the weight {number!r} is no whole number from 0 to 100"
    total = sum(numbers)
    return "" if total == 100 else f"the weights sum to {total}, not 100"


@dataclass(frozen=True, slots=True)
class HostParams:
    """Hosts that exist besides those in the input.

    Attributes:
        known_hosts: hosts, or globs of hosts, that the clusters have.
    """

    known_hosts: tuple[str, ...] = ()


@check(
    id="VS-06",
    name="Every destination exists",
    severity=Severity.C,
    rule="Each destination host of a VirtualService must be that of a Service or a ServiceEntry in the input, "
    "or match the parameter known_hosts; a short name is one in the VirtualService's namespace. Each "
    "subset must be defined by a DestinationRule for that host.",
    why="A destination that resolves to nothing answers 503 to everybody.",
    remedy="Correct the host, or add the Service or ServiceEntry; define each subset in the "
    "DestinationRule of its host.",
    not_applicable="The service has no VirtualService.",
    no_data="A host lies in a namespace that is not in the input, or outside of the cluster: add "
    "its Service or ServiceEntry, or name it in the check's parameter known_hosts. "
    f"Or {unrendered('the VirtualService is')}",
    params=HostParams,
)
def destinations_exist(service: ServiceView, params: HostParams) -> Outcome:
    findings = Findings()
    for manifest in service.virtual_services:
        for keys, text in destinations(manifest):
            findings.judged += 1
            host = service.host(text, manifest)
            resolved = _resolves(service, host, manifest, params)
            subset = dig(manifest.raw, *keys, "subset")
            if not resolved:
                _unresolved(service, host, manifest, keys, findings)
            if subset and not _has_subset(service, host, str(subset), manifest):
                _no_subset(service, host, str(subset), manifest, keys, findings)
    return findings.verdict("every destination and subset exists", nothing=_NO_VIRTUAL_SERVICE)


def _resolves(service: ServiceView, host: MeshHost, manifest: Manifest, params: HostParams) -> bool:
    full = f"{host.name}.{host.namespace}.svc.cluster.local"
    names = {str(host), full, f"{host.name}.{host.namespace}.svc"}
    if any(fnmatchcase(name, known) for known in params.known_hosts for name in names):
        return True
    if service.relations.services_of_host(host, manifest):
        return True
    wanted = host.name if host.external else full
    return any(
        _entry_host(str(entry_host), wanted)
        for entry in service.index.of_kind("ServiceEntry", ISTIO)
        for entry_host in sequence(entry.spec.get("hosts"))
    )


def _entry_host(pattern: str, host: str) -> bool:
    return pattern == host or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def _unresolved(
    service: ServiceView,
    host: MeshHost,
    manifest: Manifest,
    keys: tuple[str | int, ...],
    findings: Findings,
) -> None:
    """A host of a namespace whose Services are in view must be among them."""
    if not host.external and host.namespace in service.surroundings.service_namespaces:
        place = f" in namespace {host.namespace}" if host.namespace else ""
        findings.missing(f"there is no Service {host.name}{place}", manifest, *keys, "host")
        return
    where = "outside of the cluster" if host.external else f"in namespace {host.namespace or '?'}"
    message = f"{host} is {where}, and no Service or ServiceEntry of it is in the input"
    findings.cannot_tell(message, manifest, *keys, "host")


def _rules_of(service: ServiceView, host: MeshHost, manifest: Manifest) -> Iterator[Manifest]:
    for rule in service.surroundings.destination_rules(host.name):
        if service.host(rule.spec.get("host"), rule).same_as(host):
            yield rule


def _has_subset(service: ServiceView, host: MeshHost, subset: str, manifest: Manifest) -> bool:
    return any(
        mapping(item).get("name") == subset
        for rule in _rules_of(service, host, manifest)
        for item in sequence(rule.spec.get("subsets"))
    )


def _no_subset(
    service: ServiceView,
    host: MeshHost,
    subset: str,
    manifest: Manifest,
    keys: tuple[str | int, ...],
    findings: Findings,
) -> None:
    """A rule of another namespace may lie in another repository."""
    message = f"no DestinationRule for {host} has the subset {subset}"
    seen = service.index.namespaces
    if host.external or (host.namespace != manifest.namespace and host.namespace not in seen):
        findings.cannot_tell(f"{message} in the input", manifest, *keys, "subset")
    else:
        findings.missing(message, manifest, *keys, "subset")
