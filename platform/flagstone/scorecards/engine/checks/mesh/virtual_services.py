"""VS: timeouts, finite retries and destinations that exist, on every route of the mesh."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.mesh import MeshHost
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.policy_checks import judge_objects
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.relations import ISTIO, destinations
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NO_ROUTE = "no VirtualService with an http rule that forwards"
_NO_RETRIES = "no route retries"
_NO_VIRTUAL_SERVICE = "the service has no VirtualService"
_IN_VIEW = "The VirtualService is in a source that could not be rendered."


def _forwarding(service: ServiceView) -> list[Manifest]:
    """The VirtualServices with a rule that forwards: not redirect, direct response or delegate."""
    return [
        manifest
        for manifest in service.virtual_services
        if any(mapping(rule).get("route") for rule in sequence(manifest.spec.get("http")))
    ]


def _retrying(service: ServiceView) -> list[Manifest]:
    return [
        manifest
        for manifest in _forwarding(service)
        if any(_attempts(rule) for rule in sequence(manifest.spec.get("http")))
    ]


def _attempts(rule: Any) -> bool:
    return dig(rule, "retries", "attempts") not in (None, 0)


def _fronts(service: ServiceView) -> list[Manifest]:
    """What callers name: the Services, or the workloads whose Services are not in view."""
    bare = [w.manifest for w in service.http_workloads if not w.services and w.pod]
    return [*service.http_services, *bare]


def _routes_to(service: ServiceView, own: Manifest) -> bool:
    """Whether a VirtualService in view has the Service among its hosts or destinations."""
    host = service.host(own.name, own)
    return any(
        service.host(text, manifest).same_as(host)
        for manifest in service.virtual_services
        for text in (*sequence(manifest.spec.get("hosts")), *(h for _, h in destinations(manifest)))
    )


@check(
    id="VS-01",
    name="Every route has a timeout",
    severity=Severity.C,
    why="Istio's default is no timeout at all: one slow backend holds the threads and connections "
    "of every caller until they run out, and the outage spreads.",
    remedy="Set spec.http[].timeout on each rule that forwards, above 0 and at most 15s; a service "
    "in the mesh without a VirtualService needs one.",
    not_applicable="Only redirects, direct responses, delegates, tls or tcp rules; a service that "
    "is not in a mesh.",
    no_data=_IN_VIEW,
    policy=True,
)
def timeout(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for own in _fronts(service) if service.mesh else ():
        if not _routes_to(service, own):
            message = f"no VirtualService routes to {own.name}, so its callers have no timeout"
            findings.missing(message, own)
    return judge_objects(
        service,
        "VS-01",
        _forwarding(service),
        good="every route has a timeout",
        nothing=_NO_ROUTE,
        found=findings,
    )


@check(
    id="VS-02",
    name="Retries are finite and written down",
    severity=Severity.C,
    why="Without `retries` the mesh retries twice all the same; many attempts multiply the load on "
    "a backend that is already failing.",
    remedy="Set spec.http[].retries.attempts to 0..3 on each rule that forwards (0 switches "
    "retries off).",
    not_applicable=_NO_ROUTE.capitalize() + ".",
    no_data=_IN_VIEW,
    policy=True,
)
def retries(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_objects(
        service,
        "VS-02",
        _forwarding(service),
        good="every route says how often it retries",
        nothing=_NO_ROUTE,
    )


@check(
    id="VS-03",
    name="The tries fit into the timeout",
    severity=Severity.H,
    why="Without perTryTimeout the first try may use up the whole timeout, and the retries never "
    "happen; tries that do not fit are cut off.",
    remedy="Set perTryTimeout so that (attempts + 1) x perTryTimeout <= timeout.",
    not_applicable="No route retries.",
    no_data=_IN_VIEW,
    policy=True,
)
def per_try_timeout(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_objects(
        service,
        "VS-03",
        _retrying(service),
        good="the tries fit into the timeout",
        nothing=_NO_RETRIES,
    )


@check(
    id="VS-04",
    name="Only what was not processed is retried",
    severity=Severity.C,
    why="`5xx`, `reset` and the like repeat a POST that the backend has already processed: the "
    "customer is charged twice.",
    remedy="Set retryOn: connect-failure,refused-stream,reset-before-request; keep wider "
    "conditions for rules that match only GET, HEAD or OPTIONS.",
    not_applicable="No route retries.",
    no_data=_IN_VIEW,
    policy=True,
)
def retry_on(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_objects(
        service,
        "VS-04",
        _retrying(service),
        good="only safe conditions are retried",
        nothing=_NO_RETRIES,
    )


@check(
    id="VS-05",
    name="The weights of a route sum to 100",
    severity=Severity.C,
    why="Istio refuses the VirtualService, and the last version that it accepted stays in force.",
    remedy="Make the weights of each rule's destinations sum to 100, or give its only destination "
    "no weight.",
    not_applicable="The service has no VirtualService.",
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
    return findings.verdict("the weights of every route sum to 100", nothing=_NO_VIRTUAL_SERVICE)


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
    why="A destination that resolves to nothing answers 503 to everybody.",
    remedy="Correct the host, or add the Service or ServiceEntry; define each subset in the "
    "DestinationRule of its host.",
    not_applicable="The service has no VirtualService.",
    no_data="A host lies in a namespace that is not in the input, or outside of the cluster: add "
    "its Service or ServiceEntry, or name it in the check's parameter known_hosts.",
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
