"""From the alerts of a service to plays, and from what fired to what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.scorecards.engine.alert_scenarios.answers import Answers
from flagstone.scorecards.engine.alert_scenarios.objective_units import Unit, Units
from flagstone.scorecards.engine.alert_scenarios.playing import Played
from flagstone.scorecards.engine.alert_scenarios.renaming import Renaming, renaming
from flagstone.scorecards.engine.alert_scenarios.rulebook import Footing, Rule, Use
from flagstone.scorecards.engine.alert_scenarios.scenarios import SILENCE, Look, Scenario, scenarios
from flagstone.scorecards.engine.alert_scenarios.series import Counter, labels_for, written
from flagstone.scorecards.engine.alert_scenarios.test_files import (
    Pace,
    Play,
    World,
    play,
    rule_file,
)
from flagstone.scorecards.engine.alert_scenarios.urgency import Urgency, urgency

# seconds, each step a multiple of some of the samples'
_STEPS = (7200, 3600, 1800, 600, 300, 120, 60)
_USUAL = 300
_SAMPLES = (120, 60, 30, 20, 10)


@dataclass(frozen=True, slots=True)
class Stage:
    """Alerts with the plays in which they act.

    Attributes:
        alerts: by their names in the play.
        scenarios: by their letters.
        plays: by the letters of the scenarios in them.
        unseen: the failures that happen, in words, if no selector of the alerts tells them from good.
    """

    alerts: Mapping[str, Rule]
    scenarios: Mapping[str, Scenario]
    plays: Mapping[str, Play]
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What an alert did, or that none did what had to be done."""

    message: str
    alert: Rule


def stage(unit: Unit, units: Units, budget: float | None) -> Stage:
    """Set the scenarios with traffic for one objective; those without a budget if it is not known.

    Raises:
        NoSeriesError: a selector for which no labels were found.
    """
    footings = [units.footings[alert] for alert in unit.alerts]
    names = renaming(_rules(unit.alerts, footings), [a.label for a in units.answers.values()])
    uses = list(dict.fromkeys(use for footing in footings for use in footing.uses))
    world = _world(uses, units.answers | unit.unseen, names)
    alerts = {f"a{number}": alert for number, alert in enumerate(unit.alerts)}
    rules = _rule_file(alerts, footings, names)
    wanted = {scenario.letter: scenario for scenario in scenarios(budget)}
    paces = _Paces.of(footings, uses)
    plays: dict[str, Play] = {}
    for coarsest in dict.fromkeys(scenario.coarsest for scenario in wanted.values()):
        several = [scenario for scenario in wanted.values() if scenario.coarsest == coarsest]
        made = play(rules, several, world, paces.pace(several[0]))
        plays |= {scenario.letter: made for scenario in several}
    return Stage(alerts, wanted, plays, _in_words(unit.unseen))


def _in_words(unseen: Mapping[str, Answers]) -> str:
    failures = (f'{metric}{{{told.label}="{told.bad}"}}' for metric, told in unseen.items())
    return f": no alert tells {', '.join(failures)} from success" if unseen else ""


@dataclass(frozen=True, slots=True)
class _Paces:
    """How coarse the evaluation of some rules may be.

    Attributes:
        scraped: the shortest range over scraped counters, in seconds.
        recorded: the shortest range over what the rules record themselves, if there is one; the usual time
            between two evaluations where they ask for what they recorded at other moments than theirs.
        between: the rules look at moments between two evaluations: subqueries and offsets.
    """

    scraped: int
    recorded: int | None
    between: bool

    @staticmethod
    def of(footings: Iterable[Footing], uses: Iterable[Use]) -> _Paces:
        below = [use for footing in footings for use in footing.recorded]
        recorded = [use.window for use in below]
        recorded += [_USUAL * 3 for use in below if use.shifted or use.subquery]
        uses = list(uses)
        subqueries = [use.window for use in uses if use.subquery]
        return _Paces(
            scraped=min((use.window for use in uses if use.counted and use.window), default=300),
            recorded=min(filter(None, [*recorded, *subqueries]), default=None),
            between=any(use.subquery or use.shifted for use in uses),
        )

    def pace(self, scenario: Scenario) -> Pace:
        coarsest = scenario.coarsest
        step = coarsest if self.recorded is None else min(coarsest, self.recorded // 3)
        step = next((s for s in _STEPS if s <= step), _STEPS[-1])
        apart = min(self.scraped * 2 // 5, step)
        sample = next((s for s in _SAMPLES if s <= apart and step % s == 0), _SAMPLES[-1])
        return Pace(step, sample, None if self.between else min(step, scenario.pairs))


def silence(alerts: Iterable[Rule], footings: Mapping[Rule, Footing]) -> Stage:
    """Set the scenario without series, in which every alert acts that asks for some series."""
    actors = [a for a in alerts if a in footings and (footings[a].uses or footings[a].recorded)]
    named = {f"a{number}": alert for number, alert in enumerate(actors)}
    below = [footings[alert] for alert in actors]
    rules = _rule_file(named, below, renaming(_rules(actors, below), ()))
    made = play(rules, [SILENCE], World((), ()), Pace(60, 60, pairs=None))
    return Stage(named, {"I": SILENCE}, {"I": made} if named else {})


def _rules(alerts: Iterable[Rule], footings: Iterable[Footing]) -> list[Rule]:
    records = dict.fromkeys(record for footing in footings for record in footing.records)
    return [*records, *alerts]


def _rule_file(alerts: Mapping[str, Rule], footings: Iterable[Footing], names: Renaming) -> str:
    rules: list[dict[str, Any]] = []
    for record in dict.fromkeys(record for footing in footings for record in footing.records):
        labels = {label: names.value(label, value) for label, value in record.labels.items()}
        rules.append({"record": record.name, "expr": names.expr(record.expr), "labels": labels})
    for name, alert in alerts.items():
        made = {"alert": name, "expr": names.expr(alert.expr)}
        times = {"for": alert.holds, "keep_firing_for": alert.lingers}
        rules.append(made | {field: time for field, time in times.items() if time})
    return rule_file(rules)


def _world(uses: list[Use], answers: Mapping[str, Answers], names: Renaming) -> World:
    counted = {use.selector.metric for use in uses if use.counted}
    counters: list[Counter] = []
    gauges: list[str] = []
    for metric in dict.fromkeys(use.selector.metric for use in uses):
        selectors = dict.fromkeys(use.selector for use in uses if use.selector.metric == metric)
        told = answers.get(metric)
        for labels in labels_for(selectors, apart=told.label if told else ""):
            pairs = tuple((label, names.value(label, value)) for label, value in labels.items())
            if metric in counted:
                counters.append(Counter(metric, pairs, told))
            elif metric:
                gauges.append(written(metric, pairs))
    return World(tuple(counters), tuple(gauges))


def wrongs(stage: Stage, letter: str, played: Mapping[Play, Played]) -> Iterator[Wrong]:
    """What is wrong in a scenario that was played."""
    scenario = stage.scenarios[letter]
    firing = played[stage.plays[letter]].firing
    seen: set[str] = set()
    for look in scenario.looks:
        fired = firing.get((letter, look.minute), frozenset())
        for wrong in _at(stage, scenario, look, fired):
            if wrong.message not in seen:
                seen.add(wrong.message)
                yield wrong


def _at(stage: Stage, scenario: Scenario, look: Look, fired: frozenset[str]) -> Iterator[Wrong]:
    pages, tickets = _acting(stage, Urgency.PAGE), _acting(stage, Urgency.TICKET)
    quiet = look.page is False and look.ticket is False
    for name in sorted(fired & set(stage.alerts if quiet else _no_pages(stage, look))):
        alert = stage.alerts[name]
        verb = "fires" if quiet else "pages"
        yield Wrong(f"{alert.name} {verb} although {scenario.words}", alert)
    for wanted, those, what in ((look.page, pages, "page"), (look.ticket, tickets, "ticket")):
        if wanted and not fired & set(those):
            first = stage.alerts[next(iter(those or stage.alerts))]
            yield Wrong(f"no {what} when {scenario.words}{stage.unseen}", first)


def _no_pages(stage: Stage, look: Look) -> list[str]:
    """Who must not fire: where a ticket is wanted, an alert that may be one is no page."""
    if look.page is not False:
        return []
    if look.ticket:
        return [n for n, a in stage.alerts.items() if urgency(a.labels) is Urgency.PAGE]
    return _acting(stage, Urgency.PAGE)


def _acting(stage: Stage, wanted: Urgency) -> list[str]:
    """The alerts of an urgency; those that tell none, where no alert has it."""
    by_urgency = {name: urgency(alert.labels) for name, alert in stage.alerts.items()}
    named = [name for name, found in by_urgency.items() if found is wanted]
    return named or [name for name, found in by_urgency.items() if found is Urgency.EITHER]
