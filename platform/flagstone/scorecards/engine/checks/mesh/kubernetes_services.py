"""SV: Services that lead to the right pods, by ports that exist and that the mesh understands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.objects import Manifest, mapping, sequence, text_map
from flagstone.policies.manifests.selectors import matches_map
from flagstone.policies.manifests.workloads import PodSpec
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_PROTOCOLS = frozenset(
    {"http", "https", "http2", "h2c", "ws", "grpc", "tcp", "tls", "udp"}
    | {"mongo", "mysql", "redis", "postgres"}
)
_NONE = "the service has no Service with a selector"
_NOT_APPLICABLE = "No Service with a selector (ExternalName, or endpoints kept by hand)."
_IN_VIEW = unrendered("The pods are not in the input, or")


def _services(service: ServiceView) -> Iterator[Manifest]:
    for manifest in service.of_kind("Service", ""):
        if text_map(manifest.spec.get("selector")) and manifest.spec.get("type") != "ExternalName":
            yield manifest


def _ports(manifest: Manifest) -> Iterator[tuple[int, dict[str, Any]]]:
    return enumerate(map(mapping, sequence(manifest.spec.get("ports"))))


@check(
    id="SV-01",
    name="Each Service leads to one workload",
    severity=Severity.C,
    rule="The selector of each Service must match the pods of exactly one workload in its namespace. It may "
    "match several if each of them has the labels of a subset in a DestinationRule for the Service's host.",
    why="A selector that matches no pod answers nobody; one that matches several workloads sends "
    "requests to a job or to another service.",
    remedy="Let the selector match the pods of exactly one workload; several versions behind one "
    "Service need a DestinationRule whose subsets tell them apart.",
    not_applicable=_NOT_APPLICABLE,
    no_data=_IN_VIEW,
)
def one_workload(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    unresolved = [workload for workload in service.workloads if workload.unresolved]
    for manifest in _services(service):
        findings.judged += 1
        found = service.relations.behind_service(manifest)
        if not found and unresolved:
            findings.cannot_tell(unresolved[0].unresolved, manifest, "spec", "selector")
        elif not found:
            findings.missing("its selector matches no pods", manifest, "spec", "selector")
        elif len(found) > 1 and not _told_apart(service, manifest, found):
            names = ", ".join(workload.ref for workload in found)
            message = f"its selector matches the pods of several workloads: {names}"
            findings.fault(message, manifest, "spec", "selector")
    return findings.verdict("each Service leads to one workload", nothing=_NONE)


def _told_apart(service: ServiceView, manifest: Manifest, found: list[Manifest]) -> bool:
    host = service.host(manifest.name, manifest)
    subsets = [
        text_map(mapping(item).get("labels"))
        for rule in service.surroundings.destination_rules(manifest.name)
        if service.host(rule.spec.get("host"), rule).same_as(host)
        for item in sequence(rule.spec.get("subsets"))
    ]
    labels = service.relations.pod_labels
    return all(any(matches_map(subset, labels[w]) for subset in subsets) for w in found)


@check(
    id="SV-02",
    name="Service ports lead to container ports",
    severity=Severity.H,
    rule="A targetPort that is a name must be that of a port with the same protocol (TCP if left out) on an app "
    "container or a native sidecar of the pods that the Service selects; a number, or none, is taken as it "
    "is.",
    why="A targetPort name that no container has leads nowhere: every connection is refused.",
    remedy="Use the name of a port of the same protocol on an app container or a native sidecar, or a "
    "number.",
    not_applicable=_NOT_APPLICABLE,
    no_data=_IN_VIEW,
)
def target_ports(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for manifest in _services(service):
        workloads = map(service.surroundings.workload, service.relations.behind_service(manifest))
        pods = [workload.pod for workload in workloads if workload.pod]
        if not pods:
            continue  # SV-01 says so
        names = {named for pod in pods for named in _named_ports(pod)}
        for position, port in _ports(manifest):
            findings.judged += 1
            target = port.get("targetPort")
            protocol = _protocol(port)
            if isinstance(target, str) and (target, protocol) not in names:
                message = f"targetPort {target!r} is the name of no {protocol} port of a container"
                findings.fault(message, manifest, "spec", "ports", position, "targetPort")
    return findings.verdict("every port leads to a container", nothing=_NONE)


def _named_ports(pod: PodSpec) -> Iterator[tuple[str, str]]:
    """Names and protocols where Kubernetes looks: not at what only prepares the pod."""
    for container in pod.of_role("app", "sidecar"):
        for port in map(mapping, sequence(container.raw.get("ports"))):
            if isinstance(port.get("name"), str):
                yield port["name"], _protocol(port)


def _protocol(port: dict[str, Any]) -> str:
    return str(port.get("protocol") or "TCP")


@check(
    id="SV-03",
    name="The mesh knows the protocol of each port",
    severity=Severity.M,
    rule="Each port of a Service with a selector, of a service in the mesh, must have an appProtocol, or a name "
    f"that is one of {', '.join(sorted(_PROTOCOLS))} or begins with one of them and a hyphen.",
    why="Without it Istio guesses by the first bytes: routing, retries and metrics of HTTP are off "
    "whenever the guess is wrong, and each connection starts later.",
    remedy="Name the port http, http2, grpc, tcp (with -suffix if you like), or set appProtocol.",
    not_applicable="The service is not in a mesh.",
    no_data=_IN_VIEW,
)
def protocols(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for manifest in _services(service) if service.mesh else ():
        for position, port in _ports(manifest):
            findings.judged += 1
            name = str(port.get("name") or "").lower()
            known = name in _PROTOCOLS or name.partition("-")[0] in _PROTOCOLS
            if not known and not port.get("appProtocol"):
                message = f"the port {name or port.get('port')} does not say its protocol"
                findings.fault(message, manifest, "spec", "ports", position)
    return findings.verdict("every port says its protocol", nothing="the service is in no mesh")


@check(
    id="SV-04",
    name="Services are reached through the mesh or a gateway",
    severity=Severity.M,
    rule="The type of each Service with a selector must be ClusterIP, or left out.",
    why="A NodePort or LoadBalancer leads past the gateway: no authentication, no limits, no "
    "timeouts, and on every node.",
    remedy="Leave spec.type out (ClusterIP). A gateway itself: waive it.",
    not_applicable=_NOT_APPLICABLE,
    no_data=_IN_VIEW,
)
def cluster_ip(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for manifest in _services(service):
        findings.judged += 1
        kind = manifest.spec.get("type") or "ClusterIP"
        if kind != "ClusterIP":
            findings.fault(f"it is open to the outside as {kind}", manifest, "spec", "type")
    return findings.verdict("no Service is open to the outside", nothing=_NONE)
