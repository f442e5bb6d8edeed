"""AT-02 and AT-05: queries that ask about the canary, and about its own time only."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser as pql

from flagstone.policies.manifests.durations import pause_duration, prometheus_duration
from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence, text_map
from flagstone.scorecards.engine.analysis.analyses import CANARY_HASH, STABLE_HASH, Analysis, Metric
from flagstone.scorecards.engine.checks.release.analysis_metrics import (
    NO_DATA,
    NOT_APPLICABLE,
    PROMETHEUS,
    QUERYING,
    decide,
    fault,
    note_unseen,
    queries,
    query_tree,
    real_metrics,
    runs_before_everybody,
)
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.prometheus.promql import PromQLError, children, window
from flagstone.scorecards.engine.prometheus.promql_subjects import name_of, selectors
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import ServiceKind

_CANARY = ("spec", "strategy", "canary")
_BLUE_GREEN = ("spec", "strategy", "blueGreen")
_OF_PODS = frozenset({"pod", "instance", "pod_name", "kubernetes_pod_name"})
_SCRAPED_ELSEWHERE = re.compile(r"(?:istio|envoy|nginx_ingress|traefik|haproxy|linkerd)_.*")
_DEEPEST = 60


class _Marks:
    """What tells the pods of the new version, and of the old one, in a query."""

    def __init__(self, rollout: Manifest) -> None:
        canary, blue_green = rollout.at(*_CANARY), rollout.at(*_BLUE_GREEN)
        services = (dig(canary, "canaryService"), dig(blue_green, "previewService"))
        stable = (dig(canary, "stableService"), dig(blue_green, "activeService"))
        self._new = [re.escape(str(name)) for name in services if name]
        self._old = [re.escape(str(name)) for name in stable if name]
        self._labels = self._pairs(canary, "canaryMetadata") | self._pairs(
            blue_green, "previewMetadata"
        )

    @staticmethod
    def _pairs(strategy: Any, field: str) -> set[tuple[str, str]]:
        labels = text_map(dig(strategy, field, "labels"))
        return {(re.sub(r"\W", "_", key), value) for key, value in labels.items()}

    def in_text(self, text: str) -> bool:
        """Whether a text in any language names the new version."""
        wanted = [CANARY_HASH, *self._new, *(re.escape(value) for _, value in self._labels)]
        return any(re.search(rf"(?<![\w-]){name}(?![\w-])", text) for name in wanted)

    def of(self, selector: Any) -> str:
        """`new`, `old` or, without a mark, `whole`."""
        found = {self._of_matcher(m) for m in selector.matchers.matchers}
        return "new" if "new" in found else "old" if "old" in found else "whole"

    def _of_matcher(self, matcher: Any) -> str:
        value, name = matcher.value, str(matcher.name)
        if str(matcher.op) not in {"MatchOp.Equal", "MatchOp.Re"}:
            return "whole"
        if CANARY_HASH in value or self._names(value, self._new):
            return "new"
        if any(value == v and (name == key or name.endswith(f"_{key}")) for key, v in self._labels):
            return "new"
        return "old" if STABLE_HASH in value or self._names(value, self._old) else "whole"

    @staticmethod
    def _names(value: str, services: list[str]) -> bool:
        """A Service's name in full, as `x`, `x.ns.svc...`, `x.*` or with a namespace before it."""
        return any(re.match(rf"(?:[\w-]+[/_@.])?{name}(?![\w-])", value) for name in services)


@check(
    id="AT-02",
    name="The analysis asks about the canary",
    severity=Severity.H,
    rule="For a service with HTTP traffic each query of an analysis that runs before everybody has the new "
    "version must ask about it: at least one series has a matcher (= or =~) with the hash of "
    "podTemplateHashValue: Latest, the name of canaryService or previewService, or a label of "
    "canaryMetadata or previewMetadata. Each other series must have one too, or one with the hash of "
    "Stable, stableService or activeService, or be joined by pod with one of the new version. In other "
    "query languages one of these names of the new version must stand somewhere in the metric.",
    why="A query over the whole service hides the canary: with a tenth of the traffic, one that "
    "fails always still shows 90%.",
    remedy="Match a label against an argument that podTemplateHashValue: Latest fills, such as "
    'rollouts_pod_template_hash="{{args.canary-hash}}", or the canaryService\'s name; a comparison '
    "needs podTemplateHashValue: Stable on the other side.",
    not_applicable=f"{NOT_APPLICABLE} Analyses after a promotion, of workers, and of Jobs, web hooks "
    "and plugins.",
    no_data=NO_DATA,
)
def asks_about_the_canary(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    wanted = service.kind is ServiceKind.HTTP
    for metric in real_metrics(service) if wanted else ():
        rollout = metric.analysis.rollout
        if rollout is not None and runs_before_everybody(metric.analysis):
            _check_scope(metric, _Marks(rollout), findings)
    if wanted:
        note_unseen(service, findings)
    return decide(findings, "every query asks about the canary")


def _check_scope(metric: Metric, marks: _Marks, findings: Findings) -> None:
    place = ("provider", metric.provider)
    if metric.provider == PROMETHEUS:
        tree = query_tree(metric.query)
        if isinstance(tree, PromQLError) or not any(True for _ in selectors(tree)):
            return
        findings.judged += 1
        found = set(_scopes(tree, marks))
        if "new" not in found:
            fault(findings, metric, "it asks about the whole service", *place, "query")
        elif "whole" in found:
            message = "one side of the query is the canary, the other the whole service"
            fault(findings, metric, message, *place, "query")
    elif metric.provider in QUERYING or metric.provider == "kayenta":
        findings.judged += 1
        text = json.dumps(metric.settings, ensure_ascii=False, default=str)
        if not marks.in_text(metric.filled(text)):
            fault(findings, metric, "nothing in it names the canary", *place)


def _scopes(node: Any, marks: _Marks, depth: int = 0) -> Iterator[str]:
    """Whose numbers each part of a query has; a join by pod narrows the other side too."""
    if depth > _DEEPEST:
        return
    if isinstance(node, pql.MatrixSelector):
        node = node.vector_selector
    if isinstance(node, pql.VectorSelector):
        yield marks.of(node)
    found = [set(_scopes(child, marks, depth + 1)) for child in children(node)]
    if isinstance(node, pql.BinaryExpr) and str(node.op) in {"*", "and"} and _by_pod(node):
        found = [{"new"} if {"new"} in found else scopes for scopes in found]
    for scopes in found:
        yield from scopes


def _by_pod(node: Any) -> bool:
    matching = node.modifier.matching if node.modifier else None
    if matching is None or "on" not in str(matching).split("(", maxsplit=1)[0]:
        return matching is None
    return bool(_OF_PODS & set(matching.labels))


@dataclass(frozen=True, slots=True)
class ScrapeParams:
    """How often metrics are read.

    Attributes:
        scrape_seconds: the interval of a ServiceMonitor or PodMonitor that names none.
    """

    scrape_seconds: int = 30


@check(
    id="AT-05",
    name="The window is the canary's own time",
    severity=Severity.M,
    rule="The longest range of a PromQL query must be no longer than the pauses at the last weight at which the "
    "canary was paused before the analysis, plus initialDelay; another analysis, or a pause without a "
    "duration, is long enough for any. Its shortest range must be at least four times the interval of the "
    f"service's ServiceMonitor or PodMonitor, if there is one ({ScrapeParams().scrape_seconds} s unless "
    "it or `scrape_seconds` says otherwise); metrics of proxies are left out.",
    why="A window longer than the pause before the measurement mixes in the time before it; one of "
    "less than four scrapes is empty whenever a scrape fails.",
    remedy="Let the range in the query be at most the pause before the measurement plus its "
    "initialDelay, and at least four scrape intervals.",
    not_applicable=f"{NOT_APPLICABLE} No PromQL query with a range.",
    no_data=f"{NO_DATA} Or an argument without a value in view decides the window: give "
    "it a default.",
    params=ScrapeParams,
)
def own_time(service: ServiceView, params: ScrapeParams) -> Outcome:
    findings = Findings()
    scraped = _scraped_every(service, params)
    for metric, tree in queries(service):
        seconds = window(tree, service.surroundings.records)
        if seconds is None:
            continue
        unknown = metric.unknown_arguments("query")
        ranges = "".join(re.findall(r"\[[^\]]*\]", str(metric.settings.get("query"))))
        open_ranges = [name for name in unknown if name in ranges]
        place = ("provider", PROMETHEUS, "query")
        if open_ranges:
            message = (
                f"{metric.name}: {open_ranges[0]} decides the window, and has no value in view"
            )
            findings.cannot_tell(message, metric.template, *metric.keys, *place)
            continue
        findings.judged += 1
        settled = _settled(metric)
        if settled is not None and seconds > settled:
            message = f"it looks back {seconds} s, and the pause before it and its delay are {settled:g} s"
            fault(findings, metric, message, *place)
        elsewhere = any(_SCRAPED_ELSEWHERE.fullmatch(name_of(one)) for one in selectors(tree))
        shortest = _shortest_range(tree)
        if scraped and shortest and not elsewhere and shortest < 4 * scraped:
            message = f"a range of {shortest:g} s is below four scrapes of {scraped:g} s"
            fault(findings, metric, message, *place)
    note_unseen(service, findings)
    return decide(findings, "every window fits", nothing="no query with a range")


def _shortest_range(tree: Any, depth: int = 0) -> float | None:
    if depth > _DEEPEST:
        return None
    if isinstance(tree, pql.MatrixSelector):
        return float(tree.range.total_seconds())
    found = [_shortest_range(child, depth + 1) for child in children(tree)]
    return min((seconds for seconds in found if seconds is not None), default=None)


def _scraped_every(service: ServiceView, params: ScrapeParams) -> float | None:
    """Seconds between two scrapes of the service; None if nothing in view scrapes it."""
    kinds = (("ServiceMonitor", "endpoints"), ("PodMonitor", "podMetricsEndpoints"))
    found = [
        prometheus_duration(mapping(endpoint).get("interval")) or float(params.scrape_seconds)
        for kind, field in kinds
        for monitor in service.of_kind(kind, "monitoring.coreos.com")
        for endpoint in sequence(monitor.spec.get(field))
    ]
    return max(found, default=None)


def _settled(metric: Metric) -> float | None:
    """Seconds of the pause before the first measurement and of its delay; None if that is open.

    A weight that is raised after the pause takes nothing away: the canary had traffic of its own.
    """
    analysis = metric.analysis
    if analysis.role == "experiment":
        return metric.delay  # its pods start when it does
    if analysis.role not in {"background", "step"} or analysis.rollout is None:
        return None
    steps = [mapping(step) for step in sequence(analysis.rollout.at(*_CANARY, "steps"))]
    end = analysis.step if analysis.step is not None else _start(analysis)
    waited, weight, raised = 0.0, 0, False
    for step in steps[:end]:
        if step.get("setWeight") is not None:
            waited = waited if weight else 0.0
            weight, raised = step["setWeight"], True
        elif isinstance(step.get("pause"), dict):
            waited, raised = 0.0 if raised else waited, False
            duration = step["pause"].get("duration")
            waited += math.inf if duration is None else pause_duration(duration) or 0.0
        elif mapping(step.get("analysis")) or mapping(step.get("experiment")):
            waited = math.inf  # what came before took a time of its own
    return waited + metric.delay


def _start(analysis: Analysis) -> int:
    start = analysis.raw.get("startingStep", 0)
    return start if isinstance(start, int) else 0
