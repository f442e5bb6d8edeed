"""The objective that the alerts of a service guard: declared, annotated, recorded, derived or written down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from flagstone.scorecards.engine.alert_scenarios.objectives import (
    Objective,
    annotated,
    chosen,
    derived,
    recorded,
    written,
)
from flagstone.scorecards.engine.alert_scenarios.rulebook import Footing, Rule

if TYPE_CHECKING:
    from flagstone.scorecards.engine.services import ServiceView


def objective_of(
    service: ServiceView, alerts: Iterable[Rule], footings: Mapping[Rule, Footing]
) -> Objective | None:
    """The objective of some alerts: stated, or else told by their thresholds, or by the runbook."""
    alerts = list(alerts)
    below = [record for alert in alerts for record in footings[alert].records]
    return (
        stated_objective(service, alerts, footings)
        or derived(alerts, below, service.records)
        or runbook_objective(service, alerts)
    )


def runbook_objective(service: ServiceView, alerts: Iterable[Rule]) -> Objective | None:
    """The objective that the front matter of the runbook names (`slo`)."""
    runbook = service.runbook
    if runbook is None:
        return None
    words = [value for alert in alerts for value in alert.labels.values()]
    return chosen(written(runbook.front.get("slo"), runbook.path), words)


def stated_objective(
    service: ServiceView, alerts: Iterable[Rule], footings: Mapping[Rule, Footing]
) -> Objective | None:
    """The objective of some alerts, as it is declared, annotated or recorded."""
    alerts = list(alerts)
    below = [footings[alert] for alert in alerts]
    asked: dict[str, set[str]] = {}
    for footing in below:
        for use in footing.recorded:
            for matcher in use.selector.matchers:
                if matcher.operator == "=":
                    asked.setdefault(matcher.label, set()).add(matcher.value)
    for rule in (*alerts, *(record for footing in below for record in footing.records)):
        for label, value in rule.labels.items():
            asked.setdefault(label, set()).add(value)
    words = [value for values in asked.values() for value in values]
    holders = [*service.prometheus_rules, *([service.component] if service.component else [])]
    in_rules = [
        objective
        for rule, objective in recorded(service.rules, service.records)
        if all(value in asked.get(label, {value}) for label, value in rule.labels.items())
    ]
    return (
        chosen(_declared(service, set(words)), words)
        or chosen(annotated(holders), ())
        or chosen(in_rules, ())
    )


def _declared(service: ServiceView, said: set[str]) -> Iterator[Objective]:
    """The objectives that are declared in its folder, or that name it, or that its alerts name."""
    names = {service.name, *(workload.manifest.name for workload in service.workloads)}
    return service.surroundings.declared_objectives.of(names, service.folder, said)
