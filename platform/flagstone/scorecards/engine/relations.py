"""Which objects concern which workloads: by selectors, references, hosts and rule labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence, text_map
from flagstone.policies.manifests.selectors import matches
from flagstone.policies.manifests.workloads import (
    PodSpec,
    UnresolvedReference,
    is_workload,
    pod_spec,
)
from flagstone.scorecards.engine.analysis import analyses
from flagstone.scorecards.engine.index import Index, Shelf
from flagstone.scorecards.engine.mesh import MeshHost, mesh_host
from flagstone.scorecards.engine.prometheus import alert_rules, dashboards

ISTIO = "networking.istio.io"
GATEWAY_API = "gateway.networking.k8s.io"
_NAME_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app", "k8s-app")
_RULE_LABELS = ("service", "app", "job", "deployment", "workload", "destination_service_name")


class Relations:
    """The relations of one snapshot, each kind worked out once."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.pods: dict[Manifest, PodSpec | UnresolvedReference | None] = {
            manifest: pod_spec(manifest, partial(self._referenced, manifest))
            for manifest in index.manifests
            if is_workload(manifest)
        }
        lent = {
            pod.holder
            for workload, pod in self.pods.items()
            if isinstance(pod, PodSpec) and pod.holder is not workload
        }
        self.workloads = [manifest for manifest in self.pods if manifest not in lent]
        self.pod_labels: dict[Manifest, dict[str, str]] = {}
        self._behind: dict[Manifest, tuple[Manifest, ...]] = {}
        self._all = Shelf()
        self._by_label: dict[tuple[str, str], Shelf] = {}
        self._by_name: dict[str, Shelf] = {}
        for manifest in self.workloads:
            self._file(manifest)

    def _referenced(
        self, rollout: Manifest, group: str, kind: str, namespace: str, name: str
    ) -> Manifest | None:
        """The workload whose pod template a Rollout borrows, the nearest of that name."""
        found = self.index.named(group, kind, name, near=rollout, namespace=namespace)
        return found[0] if found else None

    def _file(self, manifest: Manifest) -> None:
        pod = self.pods[manifest]
        labels = pod.labels if isinstance(pod, PodSpec) else {}
        self.pod_labels[manifest] = labels
        self._all.add(manifest)
        for pair in labels.items():
            self._by_label.setdefault(pair, Shelf()).add(manifest)
        names = {manifest.name, *(labels[key] for key in _NAME_LABELS if key in labels)}
        for name in names:
            self._by_name.setdefault(name, Shelf()).add(manifest)

    def selected(self, selector: Any, near: Manifest, namespace: str) -> list[Manifest]:
        """The workloads whose pods a label selector matches, nearest first."""
        if not isinstance(selector, dict):
            return []
        pairs = text_map(selector.get("matchLabels"))
        shelf = self._all
        if pairs:
            found = self._by_label.get(next(iter(pairs.items())))
            if found is None:
                return []
            shelf = found
        return shelf.nearest(near, namespace, lambda m: matches(selector, self.pod_labels[m]))

    @cached_property
    def _service_pairs(self) -> dict[tuple[str, str], Shelf]:
        pairs: dict[tuple[str, str], Shelf] = {}
        for service in self.index.of_kind("Service", ""):
            for pair in service.labels.items():
                pairs.setdefault(pair, Shelf()).add(service)
        return pairs

    @cached_property
    def _all_services(self) -> Shelf:
        shelf = Shelf()
        for service in self.index.of_kind("Service", ""):
            shelf.add(service)
        return shelf

    def monitored(self, monitor: Manifest) -> list[Manifest]:
        """The Services that a ServiceMonitor selects by their own labels."""
        selector = monitor.spec.get("selector")
        if not isinstance(selector, dict):
            return []
        pairs = text_map(selector.get("matchLabels"))
        shelf = self._all_services
        if pairs:
            shelf = self._service_pairs.get(next(iter(pairs.items())), Shelf())
        found: list[Manifest] = []
        for namespace in monitored_namespaces(monitor):
            found += shelf.nearest(monitor, namespace, lambda s: matches(selector, s.labels))
        return list(dict.fromkeys(found))

    def services_of_host(self, host: MeshHost, near: Manifest) -> list[Manifest]:
        if host.external:
            return []
        return self.index.named("", "Service", host.name, near=near, namespace=host.namespace)

    def host(self, text: Any, near: Manifest) -> MeshHost:
        return mesh_host(str(text), near.namespace, self.index.namespaces)

    def behind(self, manifest: Manifest) -> tuple[Manifest, ...]:
        """The workloads that an object concerns."""
        if manifest not in self._behind:
            rule = _RULES.get((manifest.group, manifest.kind))
            self._behind[manifest] = tuple(dict.fromkeys(rule(self, manifest))) if rule else ()
        return self._behind[manifest]

    @cached_property
    def around(self) -> dict[Manifest, list[Manifest]]:
        """The objects that concern each workload."""
        found: dict[Manifest, list[Manifest]] = {manifest: [] for manifest in self.workloads}
        for group, kind in _RULES:
            for manifest in self.index.of_kind(kind, group):
                for workload in self.behind(manifest):
                    found[workload].append(manifest)
        return found

    def behind_service(self, service: Manifest) -> list[Manifest]:
        selector = {"matchLabels": service.spec.get("selector")}
        if not text_map(service.spec.get("selector")):
            return []
        return self.selected(selector, service, service.namespace)

    def behind_selector(self, manifest: Manifest) -> list[Manifest]:
        return self.selected(manifest.spec.get("selector"), manifest, manifest.namespace)

    def behind_scaler(self, scaler: Manifest) -> list[Manifest]:
        """What an autoscaler scales; the wrong kind of the right name is still about it."""
        name = str(dig(scaler.spec, "scaleTargetRef", "name") or "")
        kind = str(dig(scaler.spec, "scaleTargetRef", "kind") or "Deployment")
        shelf = self._by_name.get(name)
        if shelf is None:
            return []
        named = [m for m in shelf.nearest(scaler, scaler.namespace) if m.name == name]
        return [m for m in named if m.kind == kind] or named

    def behind_route(self, route: Manifest) -> Iterator[Manifest]:
        hosts = [host for _, host in destinations(route)] or sequence(route.spec.get("hosts"))
        yield from self._behind_hosts(hosts, route)

    def behind_gateway_route(self, route: Manifest) -> Iterator[Manifest]:
        for name, namespace in gateway_parents(route) + gateway_backends(route):
            found = self.index.named("", "Service", name, near=route, namespace=namespace)
            for service in found:
                yield from self.behind_service(service)

    def behind_destination(self, rule: Manifest) -> Iterator[Manifest]:
        yield from self._behind_hosts([rule.spec.get("host")], rule)

    def _behind_hosts(self, hosts: Iterable[Any], near: Manifest) -> Iterator[Manifest]:
        for text in hosts:
            for service in self.services_of_host(self.host(text, near), near):
                yield from self.behind_service(service)

    def behind_monitor(self, monitor: Manifest) -> Iterator[Manifest]:
        for service in self.monitored(monitor):
            yield from self.behind_service(service)

    def behind_pod_monitor(self, monitor: Manifest) -> Iterator[Manifest]:
        for namespace in monitored_namespaces(monitor):
            yield from self.selected(monitor.spec.get("selector"), monitor, namespace)

    def behind_rules(self, rules: Manifest) -> list[Manifest]:
        """The workloads that alerts are about: named by the rules' labels or by their selectors."""
        asked = alert_rules.label_values(rules)
        names = {rules.labels[key] for key in _NAME_LABELS if key in rules.labels}
        for label in _RULE_LABELS:
            names |= asked.get(label, set())
        found: list[Manifest] = []
        for namespace in sorted(asked.get("namespace", {rules.namespace})):
            for name in sorted(names & self._by_name.keys()):
                found += self._by_name[name].nearest(rules, namespace)
        return found

    @cached_property
    def _analysed_by(self) -> dict[Manifest, list[Manifest]]:
        """The Rollouts that use each analysis template."""
        found: dict[Manifest, list[Manifest]] = {}
        for rollout in self.workloads:
            if rollout.kind == "Rollout":
                for template in analyses.templates_of(self.index, rollout):
                    found.setdefault(template, []).append(rollout)
        return found

    def behind_template(self, template: Manifest) -> list[Manifest]:
        return self._analysed_by.get(template, [])

    def behind_dashboard(self, manifest: Manifest) -> list[Manifest]:
        """The workloads that a dashboard is about: by its object's labels or name, or its variables."""
        boards = list(dashboards.in_object(manifest))
        if not boards:
            return []
        names = {manifest.labels[key] for key in _NAME_LABELS if key in manifest.labels}
        names |= {name for board in boards if (name := board.fixed("service"))}
        words = manifest.name.split("-")
        names |= {"-".join(words[:end]) for end in range(1, len(words) + 1)}
        longest = max(names & self._by_name.keys(), key=len, default=None)
        return [] if longest is None else self._by_name[longest].nearest(manifest, "")


def destinations(route: Manifest) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every destination host of a VirtualService with the way to its destination, mirrors too."""
    for protocol in ("http", "tls", "tcp"):
        for i, rule in enumerate(map(mapping, sequence(route.spec.get(protocol)))):
            keys: tuple[str | int, ...] = ("spec", protocol, i)
            for field in ("route", "mirrors"):
                for j, item in enumerate(map(mapping, sequence(rule.get(field)))):
                    yield (*keys, field, j, "destination"), dig(item, "destination", "host")
            if isinstance(rule.get("mirror"), dict):
                yield (*keys, "mirror"), rule["mirror"].get("host")


ServiceName = tuple[str, str]
"""The name and the namespace of a Service."""


def gateway_parents(route: Manifest) -> list[ServiceName]:
    """The Services whose callers in the mesh an HTTPRoute is for."""
    parents = map(mapping, sequence(route.spec.get("parentRefs")))
    return _service_names((ref for ref in parents if ref.get("kind") == "Service"), route)


def gateway_backends(route: Manifest) -> list[ServiceName]:
    """The Services that an HTTPRoute forwards to."""
    rules = map(mapping, sequence(route.spec.get("rules")))
    backends = (mapping(ref) for rule in rules for ref in sequence(rule.get("backendRefs")))
    return _service_names(
        (ref for ref in backends if ref.get("kind", "Service") == "Service"), route
    )


def _service_names(refs: Iterable[dict[str, Any]], route: Manifest) -> list[ServiceName]:
    return [
        (str(ref["name"]), str(ref.get("namespace") or route.namespace))
        for ref in refs
        if ref.get("name")
    ]


def monitored_namespaces(monitor: Manifest) -> list[str]:
    """The namespaces that a ServiceMonitor or PodMonitor looks into; "" is any."""
    selector = mapping(monitor.spec.get("namespaceSelector"))
    if selector.get("any") is True:
        return [""]
    names = [str(name) for name in sequence(selector.get("matchNames"))]
    return names or [monitor.namespace]


_RULES: dict[tuple[str, str], Callable[[Relations, Manifest], Iterable[Manifest]]] = {
    ("", "Service"): Relations.behind_service,
    ("autoscaling", "HorizontalPodAutoscaler"): Relations.behind_scaler,
    ("keda.sh", "ScaledObject"): Relations.behind_scaler,
    ("policy", "PodDisruptionBudget"): Relations.behind_selector,
    (ISTIO, "VirtualService"): Relations.behind_route,
    (ISTIO, "DestinationRule"): Relations.behind_destination,
    (GATEWAY_API, "HTTPRoute"): Relations.behind_gateway_route,
    (analyses.ARGO, "AnalysisTemplate"): Relations.behind_template,
    (analyses.ARGO, "ClusterAnalysisTemplate"): Relations.behind_template,
    (alert_rules.GROUP, "ServiceMonitor"): Relations.behind_monitor,
    (alert_rules.GROUP, "PodMonitor"): Relations.behind_pod_monitor,
    (alert_rules.GROUP, "PrometheusRule"): Relations.behind_rules,
    ("", "ConfigMap"): Relations.behind_dashboard,
    (dashboards.OPERATOR, "GrafanaDashboard"): Relations.behind_dashboard,
}
