"""The alerts of a service, sorted by the objective that they guard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from flagstone.scorecards.engine.alert_scenarios.answers import (
    Answers,
    answers_asked_for,
    answers_of,
)
from flagstone.scorecards.engine.alert_scenarios.matching import Selector
from flagstone.scorecards.engine.alert_scenarios.rulebook import Footing, Rule, Rulebook, Use


@dataclass(slots=True)
class Unit:
    """Alerts about the same failures.

    Attributes:
        told_by: the selectors that tell those failures from the rest.
        unseen: by metric, the failures that none of them tells, where there is no metric of which they
            tell them all.
    """

    alerts: list[Rule] = field(default_factory=list)
    told_by: set[Selector] = field(default_factory=set)
    unseen: dict[str, Answers] = field(default_factory=dict)

    @property
    def metrics(self) -> set[str]:
        return {selector.metric for selector in self.told_by}


@dataclass(frozen=True, slots=True)
class Units:
    """What was made of the alerts of a service; `reason` says why there is no unit."""

    found: tuple[Unit, ...]
    footings: dict[Rule, Footing]
    answers: dict[str, Answers]
    reason: str


def sort_alerts(alerts: Iterable[Rule], book: Rulebook) -> Units:
    footings = {
        alert: footing for alert in alerts if not _about_alerts(footing := book.footing(alert))
    }
    answers = _answers(footings.values())
    units: list[Unit] = []
    loose: list[Rule] = []
    for alert, footing in footings.items():
        told_by = {use.selector for use in footing.uses if _tells(use, answers)}
        if footing.unknown or footing.too_much:
            continue
        if told_by:
            _join(units, Unit([alert], told_by))
        else:
            loose.append(alert)
    for alert in loose:
        _attach(alert, footings[alert], units)
    for unit in units:
        unit.unseen = _unseen(unit, answers)
    reason = "" if units else _reason(footings)
    return Units(tuple(units), footings, answers, reason)


def _about_alerts(footing: Footing) -> bool:
    return any(use.selector.metric.startswith("ALERTS") for use in footing.uses)


def _answers(footings: Iterable[Footing]) -> dict[str, Answers]:
    asked: dict[str, dict[Selector, None]] = {}
    for footing in footings:
        for use in footing.uses:
            if use.counted:
                asked.setdefault(use.selector.metric, {})[use.selector] = None
    for find in (answers_of, answers_asked_for):
        found = {metric: find(selectors) for metric, selectors in asked.items()}
        if any(found.values()):
            return {metric: answers for metric, answers in found.items() if answers}
    return {}


def _unseen(unit: Unit, answers: dict[str, Answers]) -> dict[str, Answers]:
    found: dict[str, Answers] = {}
    for metric in sorted(unit.metrics):
        unseen = answers[metric].unseen_by(s for s in unit.told_by if s.metric == metric)
        if unseen is None:
            return {}
        found[metric] = unseen
    return found


def _tells(use: Use, answers: dict[str, Answers]) -> bool:
    told = answers.get(use.selector.metric)
    return use.counted and told is not None and bool(use.selector.on(told.label))


def _join(units: list[Unit], new: Unit) -> None:
    """Add a unit; those that share a selector with it become one with it."""
    for unit in [unit for unit in units if unit.told_by & new.told_by]:
        units.remove(unit)
        new = Unit(unit.alerts + new.alerts, unit.told_by | new.told_by)
    units.append(new)


def _attach(alert: Rule, footing: Footing, units: list[Unit]) -> None:
    """Give an alert about the same traffic, such as that there is none, to each unit that has it."""
    metrics = {use.selector.metric for use in footing.uses if use.counted}
    for unit in units:
        if metrics & unit.metrics:
            unit.alerts.append(alert)


def _reason(footings: dict[Rule, Footing]) -> str:
    unknown = [name for footing in footings.values() for name in footing.unknown]
    if unknown:
        return f"no rule in view records {unknown[0]}: keep the recording rules beside the alerts"
    if any(footing.too_much for footing in footings.values()):
        return "an alert rests on more recording rules than are followed"
    metrics = [u.selector.metric for f in footings.values() for u in f.uses if u.counted]
    if metrics:
        return f"no status label of {metrics[0]} tells good answers from bad ones"
    return "no alert asks for the rate of a counter of requests"
