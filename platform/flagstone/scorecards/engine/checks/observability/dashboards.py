"""DB-01 to DB-04: dashboards that load, ask for what exists, show what matters, and are found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser as pql

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.scorecards.engine.alert_scenarios.matching import selector_of
from flagstone.scorecards.engine.outcome import Fault, Outcome, failed, not_applicable, passed
from flagstone.scorecards.engine.prometheus.dashboards import (
    OPERATOR,
    Dashboard,
    Query,
    is_dashboard,
)
from flagstone.scorecards.engine.prometheus.promql import Records, children, constant
from flagstone.scorecards.engine.prometheus.promql_subjects import selectors
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import ServiceKind

_NO_DASHBOARD = "the service has no dashboard in view"
_NOT_APPLICABLE = "The service has no dashboard in the repository."
_NO_DATA = unrendered("The dashboard is")
_LONGEST_UID = 40
_UID = re.compile(r"[a-zA-Z0-9_-]+")
_GRAFANAS_OWN = re.compile(r"-- .+ --|grafana|__expr__|-100|default|")
_NO_RECORDS = Records({})


def _fault(dashboard: Dashboard, message: str, *, absent: bool = False) -> Fault:
    return Fault(
        f"{dashboard.title} {message}",
        dashboard.manifest,
        dashboard.keys,
        path=dashboard.path,
        line=None if dashboard.manifest else 1,
        absent=absent,
    )


@check(
    id="DB-01",
    name="The dashboard loads in any Grafana",
    severity=Severity.M,
    rule=f"Each dashboard is JSON with panels, a uid of at most {_LONGEST_UID} letters, digits, - and _, a title, a "
    "number as schemaVersion, and no id on two panels. Its panels, queries, annotations and variables choose "
    "the data source by a variable, by default, or as one of Grafana's own.",
    why="Without a uid links break at each import, two panels of one id overwrite each other, and a data "
    "source that exists in one Grafana only shows nothing in the other.",
    remedy="Give it a uid of at most 40 letters, digits, - and _, a title, a schemaVersion and one id for "
    "each panel; choose the data source by a variable, `${datasource}`.",
    not_applicable=_NOT_APPLICABLE,
    no_data=_NO_DATA,
)
def loads(service: ServiceView, _params: NoParams) -> Outcome:
    if not service.dashboards:
        return not_applicable(_NO_DASHBOARD)
    faults = [_fault(d, problem) for d in service.dashboards for problem in _problems(d)]
    return failed(*faults) if faults else passed("each dashboard loads in any Grafana")


def _problems(dashboard: Dashboard) -> Iterator[str]:
    if dashboard.problem:
        yield dashboard.problem
        return
    if not is_dashboard(dashboard.raw):
        yield "has no panels"
        return
    uid = dashboard.raw.get("uid")
    if not isinstance(uid, str) or not uid:
        yield "has no uid"
    elif len(uid) > _LONGEST_UID:
        yield f"has a uid of {len(uid)} characters: {_LONGEST_UID} are the most"
    elif not _UID.fullmatch(uid):
        yield f"has the uid {uid!r}: letters, digits, - and _ are allowed"
    if not isinstance(dashboard.raw.get("title"), str) or not dashboard.raw["title"].strip():
        yield "has no title"
    if not isinstance(dashboard.raw.get("schemaVersion"), int):
        yield "has no schemaVersion"
    numbers = Counter(str(p["id"]) for p in dashboard.panels if p.get("id") is not None)
    twice = [number for number, times in numbers.items() if times > 1]
    if twice:
        yield f"has several panels with the id {', '.join(twice)}"
    fixed = dict.fromkeys(_fixed_sources(dashboard))
    if fixed:
        yield f"asks the data source {next(iter(fixed))!r}, which other Grafanas do not have"


def _fixed_sources(dashboard: Dashboard) -> Iterator[str]:
    notes = sequence(mapping(dashboard.raw.get("annotations")).get("list"))
    holders = [*dashboard.panels, *map(mapping, notes), *dashboard.variables.values()]
    for panel in dashboard.panels:
        holders += map(mapping, sequence(panel.get("targets")))
    for holder in holders:
        source = holder.get("datasource")
        uid = source.get("uid") if isinstance(source, dict) else source
        chosen = isinstance(uid, str) and ("$" in uid or "[[" in uid)
        if isinstance(uid, str) and not chosen and not _GRAFANAS_OWN.fullmatch(uid):
            yield uid


@check(
    id="DB-02",
    name="Every panel asks a question that Prometheus understands",
    severity=Severity.H,
    rule="Each query to Prometheus on its dashboards must parse as PromQL once values are put in for its variables. "
    "Whether the series exist is not asked.",
    why="A query with a mistake is an empty panel, which looks like a quiet service.",
    remedy="Mend the query: with its variables put in it has to be PromQL.",
    not_applicable="The service has no dashboard with a query to Prometheus in the repository.",
    no_data=_NO_DATA,
)
def queries_parse(service: ServiceView, _params: NoParams) -> Outcome:
    queries = [query for dashboard in service.dashboards for query in dashboard.queries]
    if not queries:
        return not_applicable("no dashboard in view asks Prometheus")
    faults = [
        _fault(
            query.dashboard, f"has a query that is no PromQL in {query.panel!r}: {query.text[:120]}"
        )
        for query in queries
        if query.tree is None
    ]
    return failed(*faults) if faults else passed(f"{len(queries)} queries are PromQL")


@check(
    id="DB-03",
    name="The dashboard shows what is asked in an incident",
    severity=Severity.M,
    rule="Queries on the dashboards of a service with HTTP traffic must show the budget that remains, the burn "
    "rate, latency percentiles, saturation and, if it has a canary, success by version. That is told by names "
    "of metrics, labels, functions and a division by the budget in the query, not by titles. One query on any "
    "of the dashboards is enough for each.",
    why="Whoever is paged asks: how much budget is left, how fast does it burn, is it the canary, is it "
    "slow, is it full? What is not on the dashboard is looked for while customers wait.",
    remedy="Add panels for the budget that remains, the burn rate, success by canary and stable, latency "
    "percentiles and saturation (CPU, memory, queues).",
    not_applicable="The service has no dashboard in the repository, or no HTTP traffic.",
    no_data=_NO_DATA,
)
def shows_what_matters(service: ServiceView, _params: NoParams) -> Outcome:
    if service.kind is not ServiceKind.HTTP:
        return not_applicable("no HTTP traffic")
    readable = [d for d in service.dashboards if is_dashboard(d.raw)]
    if not readable:
        return not_applicable(_NO_DASHBOARD)
    seen = [
        _View(query)
        for dashboard in readable
        for query in dashboard.queries
        if query.tree is not None
    ]
    lacking = [
        what
        for what, shows in _WANTED.items()
        if not any(map(shows, seen)) and (what != _CANARY or service.canaries)
    ]
    if lacking:
        return failed(_fault(readable[0], f"has no panel for {', '.join(lacking)}", absent=True))
    return passed("the dashboard shows budget, burn rate, latency and saturation")


class _View:
    """What one query shows."""

    def __init__(self, query: Query) -> None:
        self.names: set[str] = set()
        self.labels: set[str] = set()
        self.functions: set[str] = set()
        self.of_budget = False
        for selector in map(selector_of, selectors(query.tree)):
            self.names.add(selector.metric.lower())
            self.labels |= selector.labels.keys()
        waiting: list[Any] = [query.tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, pql.Call):
                self.functions.add(node.func.name)
            elif isinstance(node, pql.AggregateExpr) and node.modifier is not None:
                self.labels |= set(node.modifier.labels)
            elif isinstance(node, pql.BinaryExpr) and str(node.op) == "/":
                self.of_budget = self.of_budget or _is_budget(node.rhs)
            waiting += children(node)

    def named(self, pattern: str) -> bool:
        return any(re.search(pattern, name) for name in self.names)


def _is_budget(node: Any) -> bool:
    """Whether something is divided by an error budget."""
    value = constant(node, _NO_RECORDS)
    if value is not None:
        return 0 < value <= 0.5
    return any(re.search("objective|budget", selector_of(s).metric) for s in selectors(node))


_CANARY = "success by canary and stable"
_VERSIONS = frozenset(
    {
        "rollouts_pod_template_hash",
        "pod_template_hash",
        "destination_version",
        "version",
        "revision",
        "subset",
        "track",
        "role",
        "canary",
    }
)
_WANTED: dict[str, Callable[[_View], bool]] = {
    "the budget that remains": lambda view: view.named("budget") or view.of_budget,
    "the burn rate": lambda view: view.named("burn") or view.of_budget,
    _CANARY: lambda view: not _VERSIONS.isdisjoint(view.labels),
    "latency percentiles": lambda view: (
        "histogram_quantile" in view.functions
        or "quantile" in view.labels
        or view.named(r"p9\d|quantile|latency")
    ),
    "saturation": lambda view: view.named(
        r"cpu|memory|_mem_|throttl|saturat|utili[sz]ation|queue|waiting|backlog|pool|connections"
        r"|goroutines|threads|in_?flight|event_?loop|heap|replicas"
    ),
}


@dataclass(frozen=True, slots=True)
class SidecarParams:
    """What the platform's Grafana loads.

    Attributes:
        label: the label of ConfigMaps that its sidecar looks for.
    """

    label: str = "grafana_dashboard"


@check(
    id="DB-04",
    name="Grafana finds the dashboard",
    severity=Severity.M,
    rule=f"Each ConfigMap with a dashboard of the service has the label `label` ({SidecarParams().label}), whose "
    "value is a text, whichever. Dashboards in files of their own or in objects of the Grafana operator are "
    "not asked.",
    why="The sidecar of Grafana loads ConfigMaps with its label only; any other is never seen.",
    remedy='Label the ConfigMap `grafana_dashboard: "1"`; the value is a text, so it needs quotes.',
    not_applicable="No dashboard of the service is in a ConfigMap.",
    no_data=_NO_DATA,
    params=SidecarParams,
)
def is_found(service: ServiceView, params: SidecarParams) -> Outcome:
    holders = [d for d in service.dashboards if d.manifest and d.manifest.group != OPERATOR]
    if not holders:
        return not_applicable("no dashboard is in a ConfigMap")
    faults = []
    for dashboard in holders:
        value = (
            dashboard.manifest.at("metadata", "labels", params.label)
            if dashboard.manifest
            else None
        )
        if value is None:
            faults.append(
                _labelled(dashboard, f"is in a ConfigMap without the label {params.label}")
            )
        elif not isinstance(value, str):
            faults.append(
                _labelled(dashboard, f"has the label {params.label}: {value}, which is no text")
            )
    return failed(*faults) if faults else passed("Grafana's sidecar loads each dashboard")


def _labelled(dashboard: Dashboard, message: str) -> Fault:
    return Fault(f"{dashboard.title} {message}", dashboard.manifest, ("metadata", "labels"))
