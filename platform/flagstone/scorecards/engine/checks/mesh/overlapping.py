"""VS-08 and DR-07: one owner for each host, because of two the mesh takes whichever it likes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.scorecards.engine.index import compatible, folder_of, folders_above
from flagstone.scorecards.engine.mesh import MeshHost
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_IN_VIEW = unrendered("The objects are")


@check(
    id="VS-08",
    name="One VirtualService routes a host",
    severity=Severity.H,
    rule="No other VirtualService in the input may have one of the service's hosts at one of the same gateways "
    "(`mesh` where none is named), unless exportTo lets no client see both. Where the two lie in folders "
    "side by side, which may be for different clusters, it warns.",
    why="Of two VirtualServices for one host a sidecar takes one, and a gateway merges them in an "
    "order that nobody decides: timeouts and weights change with the weather.",
    remedy="Put the rules into one VirtualService, or let one delegate to the other.",
    not_applicable="The service has no VirtualService with hosts.",
    no_data=_IN_VIEW,
)
def one_route(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for manifest in service.virtual_services:
        for position, text in enumerate(sequence(manifest.spec.get("hosts"))):
            findings.judged += 1
            host = service.host(text, manifest)
            named = service.surroundings.routes.virtual_services(host.name)
            for other in _of_host(service, host, named, manifest):
                shared = _gateways(manifest) & _gateways(other)
                if shared and _meet(manifest, other):
                    message = f"{other.ref} is for {text} at {', '.join(sorted(shared))} too"
                    _found(findings, message, manifest, other, "spec", "hosts", position)
    return findings.verdict(
        "one VirtualService for each host", nothing="there is no VirtualService with hosts"
    )


@check(
    id="DR-07",
    name="One DestinationRule sets a host's policy",
    severity=Severity.M,
    rule="No other DestinationRule for the same host in the same namespace may set the same field of "
    "trafficPolicy, unless they have different workloadSelectors. Different fields of it warn, and so does "
    "the same one in folders side by side, which may be for different clusters.",
    why="Of two rules for one host Istio keeps the trafficPolicy of the older one, and drops the "
    "other's without a word.",
    remedy="Put the trafficPolicy into one DestinationRule; another one may add subsets.",
    not_applicable="The service has no DestinationRule.",
    no_data=_IN_VIEW,
)
def one_policy(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for manifest in service.destination_rules:
        findings.judged += 1
        host = service.host(manifest.spec.get("host"), manifest)
        named = service.surroundings.destination_rules(host.name)
        for other in _of_host(service, host, named, manifest):
            if not compatible(manifest.namespace, other.namespace) or _other_clients(
                manifest, other
            ):
                continue
            mine, theirs = (mapping(m.spec.get("trafficPolicy")) for m in (manifest, other))
            if not mine or not theirs:
                continue
            both = sorted(mine.keys() & theirs.keys())
            keys = ("spec", "trafficPolicy")
            if both:
                message = f"{other.ref} sets {', '.join(both)} of {host} too"
                _found(findings, message, manifest, other, *keys)
            else:
                message = f"{other.ref} has a trafficPolicy for {host} too: one of both is dropped"
                findings.warn(message, manifest, *keys)
    return findings.verdict(
        "one policy for each host", nothing="the service has no DestinationRule"
    )


def _of_host(
    service: ServiceView, host: MeshHost, named: Iterable[Manifest], manifest: Manifest
) -> Iterator[Manifest]:
    """The other objects for the same host; the same object in another environment is none."""
    for other in named:
        if (other.name, other.namespace) == (manifest.name, manifest.namespace):
            continue
        texts = [other.spec.get("host"), *sequence(other.spec.get("hosts"))]
        if any(t is not None and service.host(t, other).same_as(host) for t in texts):
            yield other


def _gateways(manifest: Manifest) -> set[str]:
    """The gateways that a VirtualService is for, each with its namespace; `mesh` without any."""
    names = [str(name) for name in sequence(manifest.spec.get("gateways"))] or ["mesh"]
    return {n if "/" in n or n == "mesh" else f"{manifest.namespace}/{n}" for n in names}


def _meet(one: Manifest, other: Manifest) -> bool:
    """Whether some client sees both of two VirtualServices."""
    if compatible(one.namespace, other.namespace):
        return True
    seen = [[str(name) for name in sequence(m.spec.get("exportTo"))] for m in (one, other)]
    homes = (one.namespace, other.namespace)
    places = [
        {home if name == "." else name for name in names} or {"*"}
        for names, home in zip(seen, homes, strict=True)
    ]
    return bool(places[0] & places[1]) or any("*" in p for p in places)


def _other_clients(one: Manifest, other: Manifest) -> bool:
    """Whether two rules are for different workloads that call."""
    selectors = [mapping(m.spec.get("workloadSelector")) for m in (one, other)]
    return selectors[0] != selectors[1] and any(selectors)


def _found(
    findings: Findings, message: str, manifest: Manifest, other: Manifest, *keys: str | int
) -> None:
    """A fault; in folders side by side they may be for different clusters, so that is a warning."""
    one, two = folder_of(manifest), folder_of(other)
    if one in folders_above(two) or two in folders_above(one):
        findings.fault(message, manifest, *keys)
    else:
        findings.warn(message, manifest, *keys)
