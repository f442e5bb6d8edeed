"""The rules that an alert rests on: recording rules followed down to the series that are scraped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import promql_parser as pql

from flagstone.policies.manifests.objects import Manifest, text_map
from flagstone.scorecards.engine.alert_scenarios.matching import Selector, selector_of
from flagstone.scorecards.engine.prometheus import alert_rules
from flagstone.scorecards.engine.prometheus.promql import children, parsed

_COUNTED = frozenset({"rate", "increase", "irate"})
_MOST_RULES = 400


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule with its place; `holds` is its `for`, `lingers` its `keep_firing_for`."""

    manifest: Manifest
    keys: tuple[str | int, ...]
    alert: bool
    name: str
    expr: str
    labels: Mapping[str, str]
    holds: str
    lingers: str

    @property
    def tree(self) -> Any | None:
        """None if it does not parse, which another check says."""
        return parsed(self.expr)

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        tree = self.tree
        return () if tree is None else tuple(uses_of(tree))


@dataclass(frozen=True, slots=True)
class Use:
    """One selector where it stands.

    Attributes:
        selector: what it asks for.
        window: its range in seconds, or that of the subquery that it stands in.
        counted: stands in rate() and the like, so its series is a counter.
        subquery: stands in a subquery.
        shifted: has an offset.
    """

    selector: Selector
    window: int | None
    counted: bool
    subquery: bool = False
    shifted: bool = False


def rules_of(manifest: Manifest) -> Iterator[Rule]:
    for keys, raw in alert_rules.rules(manifest):
        for kind in ("alert", "record"):
            if isinstance(raw.get(kind), str):
                yield Rule(
                    manifest=manifest,
                    keys=keys,
                    alert=kind == "alert",
                    name=raw[kind],
                    expr=str(raw.get("expr", "")),
                    labels=text_map(raw.get("labels")),
                    holds=str(raw.get("for") or ""),
                    lingers=str(raw.get("keep_firing_for") or ""),
                )


def uses_of(tree: Any) -> Iterator[Use]:
    """Every selector of a parsed expression."""
    waiting: list[tuple[Any, str, int | None]] = [(tree, "", None)]
    while waiting:
        node, function, subquery = waiting.pop()
        if isinstance(node, pql.MatrixSelector):
            selected = node.vector_selector
            seconds = int(node.range.total_seconds()) if node.range else None
            yield Use(
                selector=selector_of(selected),
                window=seconds,
                counted=function in _COUNTED,
                subquery=subquery is not None,
                shifted=selected.offset is not None,
            )
        elif isinstance(node, pql.VectorSelector):
            yield Use(
                selector=selector_of(node),
                window=subquery,
                counted=False,
                subquery=subquery is not None,
                shifted=node.offset is not None,
            )
        else:
            inner = node.func.name if isinstance(node, pql.Call) else function
            if isinstance(node, pql.SubqueryExpr) and node.range:
                subquery = int(node.range.total_seconds())
            waiting += [(child, inner, subquery) for child in reversed(children(node))]


@dataclass(slots=True)
class Footing:
    """What an alert rests on.

    Attributes:
        records: recording rules, each behind those that it needs.
        uses: selectors of scraped series.
        recorded: selectors of recorded series.
        unknown: recorded names that no rule in view makes.
    """

    records: dict[Rule, None] = field(default_factory=dict)
    uses: dict[Use, None] = field(default_factory=dict)
    recorded: dict[Use, None] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)

    @property
    def too_much(self) -> bool:
        return len(self.records) > _MOST_RULES


class Rulebook:
    """The recording rules of a service; `beyond` has those of the whole snapshot."""

    def __init__(self, rules: Iterable[Rule], beyond: Rulebook | None = None) -> None:
        self._records: dict[str, list[Rule]] = {}
        self._beyond = beyond
        self._footings: dict[Rule, Footing] = {}
        for rule in rules:
            if not rule.alert:
                self._records.setdefault(rule.name, []).append(rule)

    def named(self, name: str) -> list[Rule]:
        """Its own rules that record a name."""
        return self._records.get(name, [])

    def recorded(self, selector: Selector) -> list[Rule]:
        """The rules whose series a selector may ask for; nearest first, so those beyond come last."""
        own = [rule for rule in self._records.get(selector.metric, ()) if _fits(rule, selector)]
        if own or self._beyond is None or selector.metric in self._records:
            return own
        return self._beyond.recorded(selector)

    def knows(self, name: str) -> bool:
        return name in self._records or (self._beyond is not None and self._beyond.knows(name))

    def footing(self, alert: Rule) -> Footing:
        """What an alert rests on; several checks ask."""
        if alert not in self._footings:
            self._footings[alert] = self._followed(alert)
        return self._footings[alert]

    def _followed(self, alert: Rule) -> Footing:
        """Follow an alert down; rules that refer to each other are followed once."""
        found = Footing()
        begun = {alert}
        waiting: list[tuple[Rule, Iterator[Use]]] = [(alert, iter(alert.uses))]
        while waiting and not found.too_much:
            rule, uses = waiting[-1]
            use = next(uses, None)
            if use is None:
                waiting.pop()
                if rule is not alert:
                    found.records[rule] = None
                continue
            for needed in self._down(use, found):
                if needed not in begun:
                    begun.add(needed)
                    waiting.append((needed, iter(needed.uses)))
        return found

    def _down(self, use: Use, found: Footing) -> list[Rule]:
        name = use.selector.metric
        if self.knows(name):
            found.recorded[use] = None
            return self.recorded(use.selector)
        if ":" in name:
            found.unknown[name] = None
        else:
            found.uses[use] = None
        return []


def _fits(rule: Rule, selector: Selector) -> bool:
    """Whether a rule's own labels contradict the selector."""
    return all(selector.accepts(label, value) for label, value in rule.labels.items())
