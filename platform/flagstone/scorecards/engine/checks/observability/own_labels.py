"""PR-11: rules, dashboards and analyses ask for one service by one name, the service's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.scorecards.engine.alert_scenarios.matching import Selector, selector_of
from flagstone.scorecards.engine.checks.observability.scraping import endpoints, monitors
from flagstone.scorecards.engine.outcome import Fault, Outcome, failed, not_applicable, passed
from flagstone.scorecards.engine.prometheus.promql import parsed
from flagstone.scorecards.engine.prometheus.promql_subjects import selectors
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NAME_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A selector with its place."""

    selector: Selector
    fault: Fault

    def value(self, label: str) -> str:
        values = [m.value for m in self.selector.on(label) if m.operator == "="]
        return values[0] if values else ""


@check(
    id="PR-11",
    name="Alerts, dashboards and analyses ask for the service by its own name",
    severity=Severity.H,
    why='An alert on service="checkout-api" of a service that is called checkout finds no series: it is '
    "silent, while the canary analysis beside it works.",
    remedy="Let each selector have the service's own namespace and service, equal in rules, dashboards and "
    "analyses.",
    not_applicable="No selector of its rules, dashboards or analyses names a service or a namespace.",
    no_data="The rules are in a source that could not be rendered.",
)
def own_labels(service: ServiceView, _params: NoParams) -> Outcome:
    if not service.workloads:
        return not_applicable("no workload whose name and namespace could be compared")
    names, namespaces = _names(service), {w.manifest.namespace for w in service.workloads} - {""}
    others = {one.name for one in service.index.of_kind("Service", "")} - names
    faults: dict[str, Fault] = {}
    judged = 0
    for asked in _asked(service):
        named, namespace = asked.value("service"), asked.value("namespace")
        judged += bool(named or namespace)
        problem = ""
        if named and named not in names | others:
            problem = f'asks for service="{named}", and the service is {" or ".join(sorted(names))}'
        elif named in names and namespace and namespaces and namespace not in namespaces:
            own = " or ".join(sorted(namespaces))
            problem = f'asks for namespace="{namespace}", and the service is in {own}'
        if problem:
            message = f"{asked.fault.message} {problem}"
            found = asked.fault
            faults.setdefault(message, Fault(message, found.manifest, found.keys, path=found.path))
    if faults:
        return failed(*faults.values())
    if not judged:
        return not_applicable("no selector names a service or a namespace")
    return passed("every selector asks for the service by its own name")


def _names(service: ServiceView) -> set[str]:
    """What a label `service` may rightly say: names of objects, labels, what the monitor or SDK writes."""
    found = {service.name}
    for workload in service.workloads:
        found.add(workload.manifest.name)
        found |= {one.name for one in workload.services}
        if workload.pod:
            found |= {
                workload.pod.labels[key] for key in _NAME_LABELS if key in workload.pod.labels
            }
            for container in workload.pod.containers:
                found.add(str(container.raw.get("name", "")))
                for variable in map(mapping, sequence(container.raw.get("env"))):
                    if variable.get("name") in {"OTEL_SERVICE_NAME", "SERVICE_NAME", "DD_SERVICE"}:
                        found.add(str(variable.get("value", "")))
    found |= set(_relabeled(service))
    return found - {""}


def _relabeled(service: ServiceView) -> Iterator[str]:
    """The names that its monitors write into the label."""
    for monitor in monitors(service):
        for _, endpoint in endpoints(monitor):
            for relabeling in map(mapping, sequence(endpoint.get("relabelings"))):
                if relabeling.get("targetLabel") == "service":
                    yield str(relabeling.get("replacement", ""))


def _asked(service: ServiceView) -> Iterator[_Asked]:
    for rule in service.rules:
        fault = Fault(rule.name, rule.manifest, (*rule.keys, "expr"))
        yield from _of(rule.tree, fault)
    for dashboard in service.dashboards:
        fault = Fault(dashboard.title, dashboard.manifest, dashboard.keys, path=dashboard.path)
        for query in dashboard.queries:
            # a variable that people choose has no value that could be wrong
            if "$" not in query.text or dashboard.fixed("service"):
                yield from _of(query.tree, fault)
    for analysis in service.analyses:
        for metric in analysis.metrics:
            if metric.provider == "prometheus" and not metric.unknown_arguments("query"):
                yield from _of(
                    parsed(metric.query), Fault(metric.name, metric.template, metric.keys)
                )


def _of(tree: Any | None, fault: Fault) -> Iterator[_Asked]:
    if tree is not None:
        for node in selectors(tree):
            yield _Asked(selector_of(node), fault)
