"""SM-01: the monitor finds the Service, and the port that it scrapes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.selectors import matches
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.prometheus.alert_rules import GROUP
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.relations import monitored_namespaces
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload, port_names

_OF_THE_PODS = {
    "endpoints": ("targetPort",),
    "podMetricsEndpoints": ("targetPort", "portNumber"),
}
_OPERATOR_KINDS = ("ServiceMonitor", "PodMonitor", "PrometheusRule")


@check(
    id="SM-01",
    name="Prometheus finds the service's metrics",
    severity=Severity.C,
    rule="The selector of each ServiceMonitor matches the metadata.labels of a Service, and `port` of each endpoint "
    "is the name of a port of it; of a PodMonitor the same holds for pods and their containers' ports. An "
    "endpoint may give targetPort (or portNumber) in its place, which a container must then declare. Where the "
    "input uses the Prometheus operator, some pod with HTTP traffic is scraped, or has the annotation "
    "prometheus.io/scrape.",
    why="A ServiceMonitor that selects nothing, or names a port that is not there, makes no target "
    "and no error: the alerts and the canary analysis look at nothing.",
    remedy="Let spec.selector match the Service's metadata.labels (not its pod selector), and "
    "endpoints[].port be the name of a Service port.",
    not_applicable="Services without HTTP traffic that have no monitor; repositories that do not "
    "use the Prometheus operator; services scraped by prometheus.io/scrape annotations.",
    no_data="The monitor, or the Service that it selects, is not in the input: score a folder that holds both.",
)
def finds_the_metrics(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    scraped = set[Manifest]()
    for monitor in service.of_kind("ServiceMonitor", GROUP):
        findings.judged += 1
        _check_service_monitor(service, monitor, findings)
        targets = own_targets(service, monitor)
        scraped.update(w for one in targets for w in service.relations.behind_service(one))
    for monitor in service.of_kind("PodMonitor", GROUP):
        findings.judged += 1
        _check_pod_monitor(service, monitor, findings)
        scraped.update(own_targets(service, monitor))
    operator = any(service.index.of_kind(kind, GROUP) for kind in _OPERATOR_KINDS)
    if operator and not (findings.faults or findings.unknown):
        _check_scraped(service, scraped, findings)
    return findings.verdict(
        "the monitor finds the Service and its port",
        nothing="no monitor, and nothing here that needs one",
    )


def _check_scraped(service: ServiceView, scraped: Collection[Manifest], findings: Findings) -> None:
    """Whether any pod with traffic is scraped: a monitor may be for a cache, or for a job beside it."""
    if any(workload.manifest in scraped for workload in service.http_workloads):
        return
    for workload in service.http_workloads:
        if workload.unresolved:
            findings.cannot_tell(workload.unresolved, workload.manifest, "spec", "workloadRef")
        elif not _annotated(workload):
            findings.judged += 1
            message = f"no ServiceMonitor or PodMonitor selects {workload.manifest.ref}"
            findings.missing(message, workload.manifest)


def own_targets(service: ServiceView, monitor: Manifest) -> list[Manifest]:
    """What of the service has the labels that a monitor selects, in whatever namespace (SM-02)."""
    selector = monitor.spec.get("selector")
    if monitor.kind == "PodMonitor":
        labels = service.relations.pod_labels
        return [w.manifest for w in service.workloads if matches(selector, labels[w.manifest])]
    return [own for own in service.of_kind("Service", "") if matches(selector, own.labels)]


def _annotated(workload: Workload) -> bool:
    marks = [service.annotations for service in workload.services]
    marks += [workload.pod.annotations] if workload.pod else []
    return any(mark.get("prometheus.io/scrape") == "true" for mark in marks)


def _check_service_monitor(service: ServiceView, monitor: Manifest, findings: Findings) -> None:
    selected = service.relations.monitored(monitor) or own_targets(service, monitor)
    if not selected:
        near = [own for own in service.of_kind("Service", "") if own.spec.get("selector")]
        seen = monitored_namespaces(monitor)
        message = "its selector matches the labels of no Service"
        message += "" if "" in seen else f" in {', '.join(seen)}"
        if near or monitor.namespace in service.surroundings.service_namespaces:
            findings.missing(message, monitor, "spec", "selector")
        else:
            findings.cannot_tell(
                f"{message}, as far as the input shows", monitor, "spec", "selector"
            )
        return
    names = {name for own in selected for name in port_names(own.spec.get("ports"))}
    behind = [w for own in selected for w in service.relations.behind_service(own)]
    open_ports = _open_ports(service, behind)
    _check_ports(monitor, "endpoints", names, "Service", findings)
    _check_pod_ports(monitor, "endpoints", open_ports, findings)


def _check_pod_monitor(service: ServiceView, monitor: Manifest, findings: Findings) -> None:
    behind = service.relations.behind(monitor) or own_targets(service, monitor)
    containers = _containers(service, behind)
    if not containers:
        message = "its selector matches the labels of no pod"
        findings.missing(message, monitor, "spec", "selector")
        return
    names = {name for raw in containers for name in port_names(raw.get("ports"))}
    _check_ports(monitor, "podMetricsEndpoints", names, "container", findings)
    _check_pod_ports(monitor, "podMetricsEndpoints", _open_ports(service, behind), findings)


def _containers(service: ServiceView, workloads: Iterable[Manifest]) -> list[dict[str, Any]]:
    pods = [service.surroundings.workload(manifest).pod for manifest in workloads]
    return [container.raw for pod in pods if pod for container in pod.containers]


def _open_ports(service: ServiceView, workloads: Iterable[Manifest]) -> set[str | int]:
    """The names and numbers that the containers declare; without them Prometheus makes no target."""
    found: set[str | int] = set()
    for raw in _containers(service, workloads):
        found |= port_names(raw.get("ports"))
        numbers = (mapping(port).get("containerPort") for port in sequence(raw.get("ports")))
        found |= {number for number in numbers if isinstance(number, int)}
    return found


def _check_pod_ports(
    monitor: Manifest, field: str, declared: set[str | int], findings: Findings
) -> None:
    """Hold endpoints that name a port of the pods against what these declare, where that is in view."""
    for position, endpoint in enumerate(map(mapping, sequence(monitor.spec.get(field)))):
        for name in _OF_THE_PODS[field] if declared and endpoint.get("port") is None else ():
            port = endpoint.get(name)
            if isinstance(port, str | int) and port not in declared:
                known = ", ".join(sorted(map(str, declared)))
                message = f"{name} {port!r} is no port that a container declares ({known})"
                findings.fault(message, monitor, "spec", field, position, name)


def _check_ports(
    monitor: Manifest, field: str, names: set[str], owner: str, findings: Findings
) -> None:
    known = ", ".join(sorted(names)) or "none with a name"
    endpoints = [mapping(endpoint) for endpoint in sequence(monitor.spec.get(field))]
    if not endpoints:
        findings.fault(f"it has no {field}", monitor, "spec", field)
    for position, endpoint in enumerate(endpoints):
        port = endpoint.get("port")
        keys = ("spec", field, position, "port")
        if port is None and any(endpoint.get(name) is not None for name in _OF_THE_PODS[field]):
            continue
        if not isinstance(port, str) or port not in names:
            message = f"{port!r} is not the name of a {owner} port ({known})"
            findings.fault(message if port else "the endpoint names no port", monitor, *keys)
