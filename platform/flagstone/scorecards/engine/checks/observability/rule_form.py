"""PR-13 and PR-14: rates that mean what they seem to, and recorded series that can be told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import promql_parser as pql

from flagstone.policies.manifests.durations import prometheus_duration
from flagstone.scorecards.engine.alert_scenarios.rulebook import Rule, Rulebook
from flagstone.scorecards.engine.checks.observability.scraping import endpoints, monitors
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.prometheus.alert_rules import GROUP
from flagstone.scorecards.engine.prometheus.promql import children
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_RATES = frozenset({"rate", "increase", "irate", "delta", "idelta"})
_SCRAPES = 4
_PARTS = 3
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


@dataclass(frozen=True, slots=True)
class ScrapeParams:
    """How often the platform scrapes.

    Attributes:
        default_interval_seconds: where neither a monitor nor a Prometheus in view says it; the
            operator's own default is 30.
    """

    default_interval_seconds: int = 30


@check(
    id="PR-13",
    name="Rates are taken over enough samples",
    severity=Severity.M,
    rule=f"Each {'(), '.join(sorted(_RATES))}() in the rules has a range of at least {_SCRAPES} scrape intervals: "
    "those of the service's monitors, else of a Prometheus in view; else `default_interval_seconds` "
    f"({ScrapeParams().default_interval_seconds}) is taken, and a shorter range is a warning. Recorded series "
    "and subqueries are not measured. No rate is taken of a sum, and neither an alert nor a recording rule "
    "that it rests on uses irate().",
    why="A rate over less than four scrapes vanishes when one scrape fails; irate() jumps from sample to "
    "sample, so an alert on it flaps; the rate of a sum counts every restart of one pod as a reset of all.",
    remedy="Take rate() over at least four scrape intervals, rate() instead of irate() in alerts, and "
    "sum(rate(...)) instead of rate(sum(...)).",
    not_applicable="No rule of the service takes a rate.",
    no_data=unrendered("The rules are"),
    params=ScrapeParams,
)
def enough_samples(service: ServiceView, params: ScrapeParams) -> Outcome:
    interval, known = _interval(service, params)
    findings = Findings()
    for rule in service.rules:
        keys = (*rule.keys, "expr")
        found = () if rule.tree is None else _rates(rule.tree)
        findings.judged += len(found)
        if rule.alert and _flaps(service.rulebook, rule):
            findings.fault(f"{rule.name} uses irate(): rate() does not flap", rule.manifest, *keys)
        for call in found:
            if call.of_a_sum or _is_a_sum(service.rulebook, call):
                message = f"{rule.name} takes {call.function}() of a sum: sum the rates instead"
                findings.fault(message, rule.manifest, *keys)
            elif call.window is not None and call.scraped and call.window < _SCRAPES * interval:
                message = (
                    f"{rule.name} takes {call.function}() over {call.window:g}s, less than "
                    f"{_SCRAPES} scrapes of {interval:g}s"
                )
                (findings.fault if known else findings.warn)(message, rule.manifest, *keys)
    return findings.verdict("every rate has enough samples", nothing="no rule takes a rate")


@dataclass(frozen=True, slots=True)
class _Rate:
    """One call of rate() and the like; `name` is the metric, "" for a subquery."""

    function: str
    name: str
    window: float | None
    of_a_sum: bool

    @property
    def scraped(self) -> bool:
        return bool(self.name) and ":" not in self.name


@lru_cache(maxsize=256)  # a recording rule is asked again for each alert that rests on it
def _rates(tree: Any) -> tuple[_Rate, ...]:
    return tuple(_rates_in(tree))


def _rates_in(tree: Any) -> Iterator[_Rate]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, pql.Call) and node.func.name in _RATES and node.args:
            argument = node.args[0]
            while isinstance(argument, pql.ParenExpr):
                argument = argument.expr
            if isinstance(argument, pql.MatrixSelector):
                seconds = argument.range.total_seconds() if argument.range else None
                yield _Rate(
                    node.func.name, argument.vector_selector.name or "", seconds, of_a_sum=False
                )
            elif isinstance(argument, pql.SubqueryExpr):
                yield _Rate(node.func.name, "", None, of_a_sum=_sums(argument.expr))
        waiting += children(node)


def _sums(node: Any) -> bool:
    """Whether an expression is a sum of counters that are no rates yet."""
    while isinstance(node, pql.ParenExpr):
        node = node.expr
    return isinstance(node, pql.AggregateExpr) and not _rates(node)


def _flaps(book: Rulebook, alert: Rule) -> bool:
    """Whether an alert, or a recording rule that it rests on, uses irate()."""
    trees = [rule.tree for rule in (alert, *book.footing(alert).records)]
    return any(c.function == "irate" for tree in trees if tree is not None for c in _rates(tree))


def _is_a_sum(book: Rulebook, call: _Rate) -> bool:
    return any(rule.tree is not None and _sums(rule.tree) for rule in book.named(call.name))


def _interval(service: ServiceView, params: ScrapeParams) -> tuple[float, bool]:
    """Seconds between two scrapes of the service, the longest if they differ; and whether that is known."""
    given = [e.get("interval") for monitor in monitors(service) for _, e in endpoints(monitor)]
    usual = [p.spec.get("scrapeInterval") for p in service.index.of_kind("Prometheus", GROUP)]
    for values in (given, usual):
        seconds = [s for value in values if (s := prometheus_duration(value))]
        if seconds:
            return max(seconds), True
    return params.default_interval_seconds, False


@check(
    id="PR-14",
    name="Recorded series are named and told apart",
    severity=Severity.L,
    rule=f"The name of each recording rule has at least {_PARTS} parts between colons (level:metric:operation). Two "
    "are a warning and one fails, except for a name that ends in _info. No two rules of the service have the "
    "same name and the same labels.",
    why="level:metric:operation says what a recorded series is summed by, of what, and how; two rules that "
    "record one series overwrite each other.",
    remedy="Name it like service:http_requests:rate5m; give rules of one name different labels.",
    not_applicable="The service has no recording rule.",
    no_data=unrendered("The rules are"),
)
def recorded_names(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    seen: dict[tuple[str, tuple[tuple[str, str], ...]], Rule] = {}
    for rule in service.rules:
        if rule.alert:
            continue
        findings.judged += 1
        _judge_name(rule, findings)
        key = rule.name, tuple(sorted(rule.labels.items()))
        if seen.setdefault(key, rule) is not rule:
            message = f"{rule.name} is recorded twice with the same labels"
            findings.fault(message, rule.manifest, *rule.keys, "record")
    return findings.verdict("recorded series are named and told apart", nothing="no recording rule")


def _judge_name(rule: Rule, findings: Findings) -> None:
    parts = rule.name.split(":")
    keys = (*rule.keys, "record")
    if rule.name.endswith("_info") and len(parts) == 1:
        return  # a series that is only its labels, as exporters and Sloth have it
    if _NAME.fullmatch(rule.name) is None or len(parts) == 1 or not parts[-1]:
        findings.fault(f"{rule.name} is not named level:metric:operation", rule.manifest, *keys)
    elif len(parts) < _PARTS:
        findings.warn(f"{rule.name} lacks a part of level:metric:operation", rule.manifest, *keys)
