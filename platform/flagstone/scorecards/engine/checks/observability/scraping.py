"""SM-02, SM-03, SM-05 and SM-06: what stands between a monitor and the service's metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.durations import prometheus_duration
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.selectors import matches
from flagstone.scorecards.engine.alert_scenarios.matching import selector_of
from flagstone.scorecards.engine.analysis.analyses import Metric
from flagstone.scorecards.engine.checks.observability.monitors import own_targets
from flagstone.scorecards.engine.outcome import Findings, Outcome, not_applicable
from flagstone.scorecards.engine.prometheus.alert_rules import GROUP
from flagstone.scorecards.engine.prometheus.promql import parsed
from flagstone.scorecards.engine.prometheus.promql_subjects import selectors
from flagstone.scorecards.engine.prometheus.relabeling import copies_pod_label, drops_label
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.relations import monitored_namespaces
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_ENDPOINTS = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}
_HASH = "rollouts-pod-template-hash"
_HASH_LABEL = "rollouts_pod_template_hash"
_OF_OTHERS = re.compile(r"istio_|envoy_|container_|kube_|node_|nginx_|.*:")
_NO_MONITOR = "the service has no monitor"


def monitors(service: ServiceView) -> list[Manifest]:
    return [m for kind in _ENDPOINTS for m in service.of_kind(kind, GROUP)]


def endpoints(monitor: Manifest) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Each endpoint of a monitor with its way."""
    field = _ENDPOINTS[monitor.kind]
    for position, endpoint in enumerate(sequence(monitor.spec.get(field))):
        yield ("spec", field, position), mapping(endpoint)


@check(
    id="SM-02",
    name="The monitor looks into the service's namespace",
    severity=Severity.C,
    rule="Something that the monitor selects, Services or for a PodMonitor pods, lies in a namespace that it looks "
    "into: its own, or those of its namespaceSelector (matchNames or any).",
    why="A monitor looks into its own namespace only, unless its namespaceSelector says otherwise: no "
    "target and no error.",
    remedy="Put the monitor into the Service's namespace, or name that in "
    "spec.namespaceSelector.matchNames.",
    not_applicable="The service has no monitor.",
    no_data="The Service that the monitor selects is not in the input: score a folder that holds both.",
)
def covers_the_namespace(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for monitor in monitors(service):
        targets = _targets(service, monitor)
        looked_into = monitored_namespaces(monitor)
        outside = sorted({t.namespace for t in targets if not _covered(t.namespace, looked_into)})
        if not targets:
            message = "nothing in the input has the labels that it selects"
            findings.cannot_tell(message, monitor, "spec", "selector")
        elif outside and len(outside) == len({target.namespace for target in targets}):
            seen = ", ".join(looked_into)
            message = f"it looks into {seen}; what it selects is in {', '.join(outside)}"
            findings.fault(message, monitor, "spec", "namespaceSelector")
        else:
            findings.judged += 1
    return findings.verdict("the monitor looks into the right namespace", nothing=_NO_MONITOR)


def _covered(namespace: str, looked_into: list[str]) -> bool:
    return not namespace or "" in looked_into or namespace in looked_into


def _targets(service: ServiceView, monitor: Manifest) -> list[Manifest]:
    """What its selector matches in any namespace: the service's own, else anybody's."""
    found = own_targets(service, monitor)
    if found or monitor.kind == "PodMonitor":
        return found
    selector = monitor.spec.get("selector")
    return [one for one in service.index.of_kind("Service", "") if matches(selector, one.labels)]


@check(
    id="SM-03",
    name="Metrics say which ReplicaSet they come from",
    severity=Severity.C,
    rule=f"It is asked where a Prometheus query of an analysis selects or groups by {_HASH_LABEL} on a metric of the "
    "service itself, not of the mesh, the cluster or a recording rule. Each monitor that scrapes the pods of a "
    f"canary, or finds none, has {_HASH} in podTargetLabels or copies it by relabeling, and has an endpoint "
    "that does not drop it again.",
    why="The analysis asks for rollouts_pod_template_hash, which no metric has unless the monitor "
    "copies it from the pods: its queries are empty, and a canary is judged by nothing.",
    remedy="Add `podTargetLabels: [rollouts-pod-template-hash]` to the monitor's spec.",
    not_applicable="No analysis asks for rollouts_pod_template_hash, or only of metrics of the mesh.",
    no_data="No monitor of the service is in the input: score a folder that holds it too.",
)
def has_the_hash(service: ServiceView, _params: NoParams) -> Outcome:
    asking = next(_asking(service), None)
    if asking is None:
        return not_applicable(f"no analysis asks for {_HASH_LABEL}")
    findings = Findings()
    found = _scraping_canaries(service)
    if not found:
        message = f"the analysis asks for {_HASH_LABEL}, and no monitor is in view that copies it"
        findings.cannot_tell(message, asking.template, *asking.keys)
    for monitor in found:
        findings.judged += 1
        if not _copies_the_hash(monitor):
            lacks = _HASH not in sequence(monitor.spec.get("podTargetLabels"))
            how = f"podTargetLabels lacks {_HASH}" if lacks else f"it drops {_HASH_LABEL} again"
            message = f"{how}, which {asking.template.ref} asks for"
            findings.fault(message, monitor, "spec", "podTargetLabels")
    return findings.verdict(f"metrics have {_HASH_LABEL}", nothing=_NO_MONITOR)


def _asking(service: ServiceView) -> Iterator[Metric]:
    """The metrics of analyses that need the label on what the service itself is scraped for."""
    for analysis in service.analyses:
        for metric in analysis.metrics:
            if metric.provider != "prometheus" or _HASH_LABEL not in metric.query:
                continue
            tree = parsed(metric.query)
            found = [selector_of(node) for node in selectors(tree)] if tree is not None else []
            if any(one.on(_HASH_LABEL) and not _OF_OTHERS.match(one.metric) for one in found):
                yield metric


def _copies_the_hash(monitor: Manifest) -> bool:
    ways = [endpoint for _, endpoint in endpoints(monitor)]
    kept = [endpoint for endpoint in ways if not drops_label(endpoint, _HASH_LABEL)]
    if _HASH in sequence(monitor.spec.get("podTargetLabels")):
        return bool(kept) or not ways
    return any(copies_pod_label(endpoint, _HASH_LABEL) for endpoint in kept)


def _scraping_canaries(service: ServiceView) -> list[Manifest]:
    """The monitors of the pods that a Rollout replaces; those that find none may be meant for them."""
    canaries = {workload.manifest for workload in service.canaries}
    around = {monitor: service.relations.behind(monitor) for monitor in monitors(service)}
    return [one for one, behind in around.items() if not behind or canaries.intersection(behind)]


@check(
    id="SM-05",
    name="A scrape ends before the next begins",
    severity=Severity.M,
    rule="scrapeTimeout of each endpoint is at most its interval. Where it has no interval, that of the Prometheus "
    "in view is taken if there is exactly one, else 30s. Both must be durations of Prometheus.",
    why="The operator refuses a monitor whose scrapeTimeout is longer than its interval, and scrapes "
    "nothing.",
    remedy="Let scrapeTimeout be at most interval; both are durations such as 15s.",
    not_applicable="The service has no monitor, or none that sets a scrapeTimeout.",
    no_data=unrendered("The monitor is"),
)
def timeout_within_interval(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for monitor in monitors(service):
        for keys, endpoint in endpoints(monitor):
            timeout, interval = endpoint.get("scrapeTimeout"), endpoint.get("interval")
            for field, value in (("scrapeTimeout", timeout), ("interval", interval)):
                if value is not None and prometheus_duration(value) is None:
                    findings.fault(f"{field} {value!r} is no duration", monitor, *keys, field)
            if timeout is None:
                continue
            findings.judged += 1
            every = interval if interval is not None else _usual_interval(service)
            longest, between = prometheus_duration(timeout), prometheus_duration(every)
            if longest is not None and between is not None and longest > between:
                message = f"scrapeTimeout {timeout} is longer than the interval, {every}"
                findings.fault(message, monitor, *keys, "scrapeTimeout")
    return findings.verdict("each scrape ends in time", nothing="no monitor sets a scrapeTimeout")


def _usual_interval(service: ServiceView) -> object:
    """The interval of the only Prometheus in view; the operator's own default is 30s."""
    found = {
        str(p.spec["scrapeInterval"])
        for p in service.index.of_kind("Prometheus", GROUP)
        if p.spec.get("scrapeInterval")
    }
    return found.pop() if len(found) == 1 else "30s"
