"""SM-06: a Prometheus outside of the mesh reaches the metrics of a service inside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.policies.manifests.selectors import matches_map
from flagstone.policies.manifests.workloads import PodSpec
from flagstone.scorecards.engine.checks.observability.scraping import endpoints, monitors
from flagstone.scorecards.engine.outcome import Findings, Outcome, not_applicable
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_SECURITY = "security.istio.io"
_ROOT = "istio-system"
_INJECT = "sidecar.istio.io/inject"
_OF_THE_SIDECAR = frozenset({15020, 15090})  # never redirected to Envoy
_EXCLUDED = "traffic.sidecar.istio.io/excludeInboundPorts"
_INCLUDED = "traffic.sidecar.istio.io/includeInboundPorts"


@check(
    id="SM-06",
    name="Strict mTLS lets Prometheus in",
    severity=Severity.H,
    rule="A port of a pod in the mesh that a monitor scrapes in the clear must not have the mTLS mode STRICT, by "
    f"the PeerAuthentication of the pod, of its namespace or of {_ROOT}, in that order. It does not concern "
    f"{' and '.join(map(str, sorted(_OF_THE_SIDECAR)))}, ports that excludeInboundPorts or includeInboundPorts "
    "lead past the sidecar, and endpoints with https and a tlsConfig.",
    why="Under STRICT mTLS a sidecar refuses the plain scrape of a Prometheus outside the mesh: the "
    "target is down, and with it every alert and analysis.",
    remedy="Except the metrics port with the pod annotation "
    "traffic.sidecar.istio.io/excludeInboundPorts, scrape Istio's merged metrics on port 15020, or set "
    "portLevelMtls for that port to PERMISSIVE.",
    not_applicable="The service is in no mesh, its pods refuse the sidecar, or it has no monitor.",
    no_data="No PeerAuthentication is in view that says whether mTLS is STRICT, and nothing excepts the "
    "metrics port: score a folder that holds the mesh's PeerAuthentication (that of istio-system) too.",
)
def scraped_through_mtls(service: ServiceView, _params: NoParams) -> Outcome:
    if not service.mesh:
        return not_applicable("the service is in no mesh")
    findings = Findings()
    pods = [workload.pod for workload in service.workloads if workload.pod]
    pods = [pod for pod in pods if not _refuses_sidecar(pod)]
    for monitor in monitors(service):
        for keys, endpoint in endpoints(monitor):
            for pod in pods:
                ports = set(_ports(service, monitor, endpoint, pod))
                if ports:
                    findings.judged += 1
                    _judge(service, monitor, (*keys,), ports, endpoint, pod, findings)
    return findings.verdict(
        "Prometheus reaches the metrics", nothing="no monitor of pods with a sidecar"
    )


def _refuses_sidecar(pod: PodSpec) -> bool:
    """Whether nothing stands before the pod that could ask a scrape for mTLS."""
    return pod.labels.get(_INJECT, pod.annotations.get(_INJECT)) == "false"


def _judge(
    service: ServiceView,
    monitor: Manifest,
    keys: tuple[str | int, ...],
    ports: set[int],
    endpoint: dict[str, Any],
    pod: PodSpec,
    findings: Findings,
) -> None:
    left = {port for port in ports if not _around(port, pod)}
    if not left or (endpoint.get("scheme") == "https" and mapping(endpoint.get("tlsConfig"))):
        return
    port = min(left)
    mode, rule = _mode(service, pod, port)
    if mode == "STRICT" and rule is not None:
        message = f"{rule.ref} asks for mTLS on port {port}, which Prometheus scrapes in the clear"
        findings.fault(message, pod.holder, *pod.keys[:-1], "metadata", "annotations")
    elif not mode:
        message = (
            f"whether mTLS is STRICT on port {port} is not known: no PeerAuthentication is in view"
        )
        findings.cannot_tell(message, monitor, *keys)


def _ports(
    service: ServiceView, monitor: Manifest, endpoint: dict[str, Any], pod: PodSpec
) -> Iterator[int]:
    """The ports of the pod that an endpoint leads to."""
    named = {
        str(port.get("name")): port.get("containerPort")
        for container in pod.containers
        for port in map(mapping, sequence(container.raw.get("ports")))
    }
    wanted = [endpoint.get("targetPort")]
    if monitor.kind == "PodMonitor":
        wanted.append(endpoint.get("port"))
    else:
        for one in service.relations.monitored(monitor):
            wanted += [
                port.get("targetPort", port.get("port"))
                for port in map(mapping, sequence(one.spec.get("ports")))
                if port.get("name") == endpoint.get("port") is not None
            ]
    for value in wanted:
        number = named.get(value, value) if isinstance(value, str) else value
        if isinstance(number, int) and not isinstance(number, bool):
            yield number


def _around(port: int, pod: PodSpec) -> bool:
    """Whether traffic to a port passes the sidecar by."""
    if port in _OF_THE_SIDECAR:
        return True
    if str(port) in _listed(pod.annotations.get(_EXCLUDED, "")):
        return True
    included = pod.annotations.get(_INCLUDED)
    return included is not None and included != "*" and str(port) not in _listed(included)


def _listed(text: str) -> set[str]:
    return {part.strip() for part in text.split(",")}


def _mode(service: ServiceView, pod: PodSpec, port: int) -> tuple[str, Manifest | None]:
    """The mTLS mode of a port and who sets it: the workload's, its namespace's, the mesh's; "" if none."""
    namespace = pod.holder.namespace
    rules = service.index.of_kind("PeerAuthentication", _SECURITY)
    near = [rule for rule in rules if rule.namespace in {namespace, ""}]
    own = [rule for rule in near if _selects(rule, pod)]
    whole = [rule for rule in near if not _labels(rule)]
    mesh = [rule for rule in rules if rule.namespace == _ROOT and not _labels(rule)]
    for rule in (*own, *whole, *mesh):
        exact = dig(mapping(rule.spec.get("portLevelMtls")), str(port), "mode")
        by_number = dig(mapping(rule.spec.get("portLevelMtls")), port, "mode")
        mode = (exact or by_number) if rule in own else None
        mode = mode or dig(rule.spec, "mtls", "mode")
        if isinstance(mode, str) and mode != "UNSET":
            return mode, rule
    return "", None


def _labels(rule: Manifest) -> Any:
    return dig(rule.spec, "selector", "matchLabels")


def _selects(rule: Manifest, pod: PodSpec) -> bool:
    labels = _labels(rule)
    return bool(labels) and matches_map(labels, pod.labels)
