"""The scenarios of every service of a snapshot, set together and played together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flagstone.scorecards.engine.alert_scenarios.objective_units import Unit, sort_alerts
from flagstone.scorecards.engine.alert_scenarios.objectives import Objective
from flagstone.scorecards.engine.alert_scenarios.playing import Played, play_all
from flagstone.scorecards.engine.alert_scenarios.rulebook import Footing, Rule
from flagstone.scorecards.engine.alert_scenarios.scenarios import LONGEST, NEED_A_BUDGET
from flagstone.scorecards.engine.alert_scenarios.series import NoSeriesError
from flagstone.scorecards.engine.alert_scenarios.service_objectives import objective_of
from flagstone.scorecards.engine.alert_scenarios.stages import Stage, Wrong, silence, stage, wrongs
from flagstone.scorecards.engine.alert_scenarios.test_files import Play
from flagstone.scorecards.engine.alert_scenarios.urgency import Urgency, urgency
from flagstone.scorecards.engine.prometheus import promtool
from flagstone.scorecards.engine.prometheus.alert_rules import records
from flagstone.scorecards.engine.prometheus.promql import Records, alternatives, window

if TYPE_CHECKING:
    from flagstone.scorecards.engine.services import ServiceView

PLAYED = frozenset({"PR-02", "PR-03", "PR-04", "PR-05", "PR-06"})  # the checks that ask


@dataclass(slots=True)
class Act:
    """One objective of a service; `reason` says why none of its scenarios is played."""

    unit: Unit
    objective: Objective | None
    stage: Stage | None = None
    reason: str = ""

    @property
    def alerts(self) -> list[Rule]:
        return self.unit.alerts

    def why_not_set(self, letter: str) -> str:
        """Why a scenario is not played that would be for another objective; "" if it is, or need not."""
        if self.stage is None:
            return self.reason
        return NO_OBJECTIVE if self.objective is None and letter in NEED_A_BUDGET else ""


@dataclass(slots=True)
class Performance:
    """What is played for one service; `reason` says why no scenario with traffic is."""

    acts: list[Act] = field(default_factory=list)
    silence: Stage | None = None
    reason: str = ""


class Performances:
    """Set for all services, played when the first check asks; `reason` says why none is."""

    def __init__(self, services: Iterable[ServiceView]) -> None:
        self.reason = ""
        self._of: dict[int, Performance] = {}
        self._played: dict[Play, Played] = {}
        tool = promtool.find()
        if tool is None:
            self.reason = f"promtool is not installed: {promtool.HOW_TO_GET}"
            return
        services = [service for service in services if service.prometheus_rules]
        if services:
            self._of = {id(service): _performance(service) for service in services}
        self._played = play_all(tool, self._plays())

    def _plays(self) -> list[Play]:
        found = list[Play]()
        for performance in self._of.values():
            stages = [act.stage for act in performance.acts] + [performance.silence]
            found += [made for some in stages if some for made in some.plays.values()]
        return found

    def of(self, service: ServiceView) -> Performance:
        return self._of.get(id(service), Performance())

    def wrongs(self, stage: Stage, letter: str) -> list[Wrong]:
        return list(wrongs(stage, letter, self._played))

    def why_not_played(self, stage: Stage, letter: str) -> str:
        """Why promtool gave no answer for a scenario; "" if it did."""
        played = self._played[stage.plays[letter]]
        minutes = [look.minute for look in stage.scenarios[letter].looks]
        if played.reason or all((letter, minute) in played.firing for minute in minutes):
            return played.reason
        return "promtool could not evaluate the rules in this scenario"

    def fired(self, stage: Stage, letter: str) -> list[Rule]:
        """Who fired when it was looked at."""
        firing = self._played[stage.plays[letter]].firing
        names = {
            name
            for look in stage.scenarios[letter].looks
            for name in firing.get((letter, look.minute), ())
        }
        return [stage.alerts[name] for name in sorted(names)]


def _performance(service: ServiceView) -> Performance:
    alerts = [
        rule
        for rule in service.rules
        if rule.alert and rule.tree is not None and urgency(rule.labels) is not Urgency.NEITHER
    ]
    units = sort_alerts(alerts, service.rulebook)
    known = records(service.prometheus_rules, beyond=service.surroundings.records)
    found = Performance(reason=units.reason, silence=silence(alerts, units.footings))
    for unit in units.found:
        act = Act(unit, objective_of(service, unit.alerts, units.footings))
        found.acts.append(act)
        beyond = next((a for a in unit.alerts if _looks_beyond(a, units.footings[a], known)), None)
        if beyond is not None:
            act.reason = (
                f"{beyond.name} compares with the traffic of more days than a scenario lasts"
            )
        else:
            try:
                act.stage = stage(unit, units, act.objective.budget if act.objective else None)
            except NoSeriesError as error:
                act.reason = str(error)
    return found


def _looks_beyond(alert: Rule, footing: Footing, known: Records) -> bool:
    """Whether it holds series against others of a time that no scenario has, such as a month."""
    if any(map(_weighs_windows, (alert, *footing.records))):
        return True
    for comparisons in alternatives(alert.tree):
        for comparison in comparisons:
            both = [window(side, known) for side in (comparison.lhs, comparison.rhs)]
            if None not in both and max(filter(None, both), default=0) > 3600 * LONGEST:
                return True
    return False


def _weighs_windows(rule: Rule) -> bool:
    """Whether a rule reckons with a month and with less, as with the traffic now and on the whole."""
    windows = [use.window for use in rule.uses if use.window]
    beyond = [window for window in windows if window > 3600 * LONGEST]
    return 0 < len(beyond) < len(windows)


NO_OBJECTIVE = (
    "the objective is not known: declare it in an OpenSLO, Sloth or Pyrra object, or record it as "
    "slo:objective:ratio"
)
