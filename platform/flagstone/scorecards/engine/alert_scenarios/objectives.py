"""The objective of a service: declared, recorded, or told by the thresholds of its alerts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import promql_parser as pql

from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.scorecards.engine.alert_scenarios.rulebook import Rule
from flagstone.scorecards.engine.prometheus.promql import (
    Records,
    alternatives,
    children,
    clause,
    constant,
)

DECLARED_IN = (
    ("PrometheusServiceLevel", "sloth.slok.dev"),
    ("ServiceLevelObjective", "pyrra.dev"),
)
_ANNOTATION = re.compile(
    r"(.*/)?(slo|objective|availability)(-(slo|objective|target|availability))?", re.IGNORECASE
)
_BETWEEN = re.compile(r"[,;\n]")
_SHARE = re.compile(r"(?<![\w.])(?P<share>\d{1,3}(?:\.\d{1,9})?)\s*%")
_HALF = 0.5
_BURN_LABELS = ("burn_rate", "burnrate", "burn", "factor")


@dataclass(frozen=True, slots=True)
class Objective:
    """A share of good answers between 0 and 1, by name, and what says so."""

    share: float
    name: str
    source: str

    @property
    def budget(self) -> float:
        return round(1 - self.share, 12)


def share_of(value: Any) -> float | None:
    """`99.9`, `"99.9%"` and `0.999` are one share."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(str(value).strip().removesuffix("%"))
    except ValueError:
        return None
    percent = number > 1 or str(value).strip().endswith("%")
    share = number / 100 if percent else number
    return share if 0 < share < 1 else None


def declared(manifests: Iterable[Manifest]) -> Iterator[Objective]:
    """The objectives in objects of Sloth and Pyrra."""
    for manifest in manifests:
        for name, value in _targets(manifest):
            share = share_of(value)
            if share is not None:
                yield Objective(share, name, manifest.ref)


def _targets(manifest: Manifest) -> Iterator[tuple[str, Any]]:
    if manifest.kind == "PrometheusServiceLevel":
        for slo in map(mapping, sequence(manifest.spec.get("slos"))):
            yield str(slo.get("name", "")), slo.get("objective")
    else:
        yield manifest.name, f"{manifest.spec.get('target')}%"  # always a percentage


def annotated(manifests: Iterable[Manifest]) -> Iterator[Objective]:
    for manifest in manifests:
        for key, value in manifest.annotations.items():
            if _ANNOTATION.fullmatch(key):
                yield from written(value, f"the annotation {key} of {manifest.ref}")


def written(value: Any, source: str) -> Iterator[Objective]:
    """The objectives that people wrote: a number, or `checkout-availability 99.9% over 30 days`."""
    if isinstance(value, list | dict):
        parts = value.items() if isinstance(value, dict) else (("", item) for item in value)
        for name, item in parts:
            for found in written(item, source) if isinstance(item, str | int | float) else ():
                yield replace(found, name=found.name or str(name))
        return
    share = share_of(value)
    if share is not None and share >= _HALF:
        yield Objective(share, "", source)
        return
    for part in _BETWEEN.split(str(value)):
        said = _SHARE.search(part)
        share = share_of(f"{said['share']}%") if said else None
        if said and share is not None and share >= _HALF:
            near = [*reversed(part[: said.start()].split()), *part[said.end() :].split()]
            yield Objective(share, near[0].strip(":=()") if near else "", source)


def recorded(rules: Iterable[Rule], records: Records) -> Iterator[tuple[Rule, Objective]]:
    """The objectives that recording rules state as one number."""
    for rule in rules:
        if rule.alert or "objective" not in rule.name or rule.tree is None:
            continue
        share = share_of(constant(rule.tree, records))
        if share is not None and share >= _HALF:
            yield rule, Objective(share, "", f"the recording rule {rule.name}")


def chosen(candidates: Iterable[Objective], words: Iterable[str]) -> Objective | None:
    """The one that the alerts name, else the only one, else the only one about availability."""
    found = list(candidates)
    said = [word for word in words if word]
    for fits in (
        [o for o in found if o.name and any(o.name == w or w.endswith(o.name) for w in said)],
        found,
        [o for o in found if "availab" in o.name],
    ):
        if len({round(objective.share, 9) for objective in fits}) == 1:
            return fits[0]
    return None


def derived(alerts: Iterable[Rule], below: Iterable[Rule], records: Records) -> Objective | None:
    """The objective that thresholds were made from, such as 0.999 of `14.4 * (1 - 0.999)`."""
    budgets: Counter[float] = Counter()
    bare: list[float] = []
    for alert in alerts:
        for comparisons in alternatives(alert.tree) if alert.tree is not None else ():
            for comparison in comparisons:
                found = list(_budgets(alert, comparison, records))
                budgets.update(round(budget, 9) for budget in found)
                limit = clause(comparison, records)
                if not found and limit and limit.limit:
                    bare.append(limit.limit)
    if not budgets:
        budgets.update(round(budget, 9) for rule in below for budget in _divisors(rule, records))
    if not budgets:
        budgets.update(_of_two_pages(bare))
    if not budgets:
        return None
    budget = budgets.most_common(1)[0][0]
    return Objective(1 - budget, "", "the thresholds of the alerts")


def _budgets(alert: Rule, comparison: Any, records: Records) -> Iterator[float]:
    explicit = [
        found for side in (comparison.lhs, comparison.rhs) for found in _rests(side, records)
    ]
    if explicit:
        yield from explicit
        return
    found = clause(comparison, records)
    if found is None or found.limit is None or not 0 < found.limit < 1:
        return
    burn = found.burn if found.burn is not None else claimed_burn(alert)
    if burn and found.limit / burn <= _HALF:
        yield found.limit / burn


def explicit_budgets(comparison: Any, records: Records) -> Iterator[float]:
    """The budgets that a comparison writes as `1 - objective`."""
    for side in (comparison.lhs, comparison.rhs):
        yield from _rests(side, records)


def claimed_burn(alert: Rule) -> float | None:
    """The burn rate that an alert's labels claim."""
    for label in _BURN_LABELS:
        try:
            return float(alert.labels[label].removesuffix("x"))
        except (KeyError, ValueError):
            continue
    return None


def _rests(node: Any, records: Records) -> Iterator[float]:
    """The value of each `1 - objective`, or `100 - percentage`, in an expression without series."""
    if constant(node, records) is None:
        return
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, pql.BinaryExpr) and str(here.op) == "-":
            left, right = constant(here.lhs, records), constant(here.rhs, records)
            if left in {1, 100} and right is not None and _HALF <= right / left < 1:
                yield 1 - right / left
        waiting += children(here)


def _divisors(rule: Rule, records: Records) -> Iterator[float]:
    """The budget in `errors / 0.001`, as burn rates are recorded."""
    waiting = [] if rule.tree is None else [rule.tree]
    while waiting:
        here = waiting.pop()
        if isinstance(here, pql.BinaryExpr) and str(here.op) == "/":
            by = constant(here.rhs, records)
            if by is not None and 0 < by <= _HALF:
                yield by
        waiting += children(here)


def _of_two_pages(limits: list[float]) -> list[float]:
    """The budget of which two bare thresholds are 14.4 and 6 times."""
    return [
        round(fast / 14.4, 9) for fast in limits for slow in limits if abs(fast / slow - 2.4) < 1e-6
    ]
