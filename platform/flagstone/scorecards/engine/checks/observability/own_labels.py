"""PR-11: rules, dashboards and analyses ask for one service by one name, the service's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.policies.manifests.workloads import PodSpec
from flagstone.scorecards.engine.alert_scenarios.matching import Selector, selector_of
from flagstone.scorecards.engine.checks.observability.scraping import endpoints, monitors
from flagstone.scorecards.engine.outcome import Fault, Outcome, failed, not_applicable, passed
from flagstone.scorecards.engine.prometheus.promql import parsed
from flagstone.scorecards.engine.prometheus.promql_subjects import selectors
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NAME_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app")
_OWN_LABELS = ("job", "app", "app_kubernetes_io_name", "service_name", "deployment")
_NAME_VARIABLES = frozenset({"OTEL_SERVICE_NAME", "SERVICE_NAME", "DD_SERVICE"})


_Asked = tuple[Selector, Fault]
"""A selector with its place."""


@check(
    id="PR-11",
    name="Alerts, dashboards and analyses ask for the service by its own name",
    severity=Severity.H,
    rule='Each `service="..."` in the selectors of its rules, dashboards and Prometheus analyses is a name of the '
    "service (its own, that of a workload, Service or container of it, a pod's label "
    f"{', '.join(_NAME_LABELS[:-1])} or {_NAME_LABELS[-1]}, a variable such as OTEL_SERVICE_NAME, or what its "
    'monitor writes) or the name of another service in the input. `namespace="..."` beside a name of its own '
    "is where its pods run. Two of its names for one metric fail, unless a Service, a monitor or an SDK writes "
    "both; only `=` is compared, and of dashboards only what no variable leaves open.",
    why='An alert on service="checkout-api" of a service that is called checkout finds no series: it is '
    "silent, while the canary analysis beside it works.",
    remedy="Let each selector have the service's own namespace and service, equal in rules, dashboards and "
    "analyses.",
    not_applicable="No selector of its rules, dashboards or analyses names a service or a namespace.",
    no_data=unrendered("The rules are"),
)
def own_labels(service: ServiceView, _params: NoParams) -> Outcome:
    if not service.workloads:
        return not_applicable("no workload whose name and namespace could be compared")
    names, namespaces = _names(service), {w.manifest.namespace for w in service.workloads} - {""}
    others = service.surroundings.service_names
    expected = " or ".join(f"{name} ({source})" for name, source in names.items())
    faults: dict[str, Fault] = {}
    judged = 0
    asked = list(_asked(service))
    for selector, place in asked:
        named, namespace = _value(selector, "service"), _value(selector, "namespace")
        if not (named or namespace):
            continue
        judged += 1
        own = named in names or any(_value(selector, label) in names for label in _OWN_LABELS)
        problem = ""
        if named and named not in names and named not in others:
            problem = f'asks for service="{named}", and expected is {expected}'
        elif own and namespace and namespaces and namespace not in namespaces:
            found = " or ".join(sorted(namespaces))
            problem = (
                f'asks for namespace="{namespace}", and expected is {found} (where its pods are)'
            )
        if problem:
            faults.setdefault(f"{place.message} {problem}", _at(place, problem))
    for place, problem in _at_odds(service, asked, names):
        faults.setdefault(f"{place.message} {problem}", _at(place, problem))
    if faults:
        return failed(*faults.values())
    if not judged:
        return not_applicable("no selector names a service or a namespace")
    return passed("every selector asks for the service by its own name")


def _at(place: Fault, problem: str) -> Fault:
    return Fault(f"{place.message} {problem}", place.manifest, place.keys, path=place.path)


def _at_odds(
    service: ServiceView, asked: Iterable[_Asked], names: Collection[str]
) -> Iterator[tuple[Fault, str]]:
    """What asks for one metric by another of its names than the rest: one of them finds no series.

    The names of Services may differ, as a canary has one of its own: each is scraped by its name. So may those
    that a monitor or an SDK writes.
    """
    scraped = {one.name for workload in service.workloads for one in workload.services}
    scraped |= set(_relabeled(service))
    pods = [workload.pod for workload in service.workloads if workload.pod]
    scraped |= {name for pod in pods for name, _ in _said_by_sdks(pod)}
    by_metric: dict[str, dict[str, Fault]] = {}
    for selector, place in asked:
        named = _value(selector, "service")
        if named in names and selector.metric:
            by_metric.setdefault(selector.metric, {}).setdefault(named, place)
    for metric, used in by_metric.items():
        right = next((name for name in used if name in scraped), next(iter(used)))
        for name, place in used.items():
            if name != right and name not in scraped:
                message = f'asks for {metric} of service="{name}", and {used[right].message}'
                yield place, f'{message} for that of service="{right}"'


def _value(selector: Selector, label: str) -> str:
    for matcher in selector.matchers:
        if matcher.label == label and matcher.operator == "=":
            return matcher.value
    return ""


def _names(service: ServiceView) -> dict[str, str]:
    """What a label `service` may rightly say, each with where that stands."""
    found: dict[str, str] = {}
    for name, source in _sources(service):
        if name:
            found.setdefault(name, source)
    return found


def _sources(service: ServiceView) -> Iterator[tuple[str, str]]:
    """Names of objects, labels, and what a monitor or an SDK writes."""
    yield service.name, "the service's name"
    for workload in service.workloads:
        yield workload.manifest.name, f"the {workload.manifest.kind}'s name"
        yield from ((one.name, "the name of its Service") for one in workload.services)
        if workload.pod is None:
            continue
        for key in _NAME_LABELS:
            yield workload.pod.labels.get(key, ""), f"the label {key} of its pods"
        yield from _said_by_sdks(workload.pod)
        for container in workload.pod.containers:
            yield str(container.raw.get("name", "")), "the name of its container"
    yield from ((name, "what its monitor writes") for name in _relabeled(service))


def _said_by_sdks(pod: PodSpec) -> Iterator[tuple[str, str]]:
    for container in pod.containers:
        for variable in map(mapping, sequence(container.raw.get("env"))):
            if variable.get("name") in _NAME_VARIABLES:
                yield str(variable.get("value", "")), f"its variable {variable['name']}"


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
            yield selector_of(node), fault
