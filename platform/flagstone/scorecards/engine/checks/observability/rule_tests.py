"""PR-12: the alerts have tests, and these pass."""

from __future__ import annotations

from flagstone.scorecards.engine.outcome import (
    Fault,
    Outcome,
    failed,
    no_data,
    not_applicable,
    passed,
)
from flagstone.scorecards.engine.prometheus.alert_rules import alerts
from flagstone.scorecards.engine.prometheus.promtool import HOW_TO_GET
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity


@check(
    id="PR-12",
    name="The alerts have tests that pass",
    severity=Severity.M,
    rule="Some test file of promtool names a file that holds the service's rules, and asks for one of these. Every "
    "such test passes, and the file that it tests says what the PrometheusRule says today.",
    why="Nobody sees that an alert is silent until the outage in which it is; a test sees it in the pull "
    "request.",
    remedy="Write a test file for promtool beside the PrometheusRule, such as tests/slo_test.yaml, that asks "
    "for its alerts and whose rule_files name a file with the object's .spec (`yq .spec`): promtool refuses "
    "the object itself.",
    not_applicable="The service has no alert.",
    no_data=f"promtool is not here: {HOW_TO_GET}; or it is too old for a test (take a later one), or the "
    "tests did not end in time (let each play fewer hours).",
)
def tested(service: ServiceView, _params: NoParams) -> Outcome:
    first = next((a for manifest in service.prometheus_rules for a in alerts(manifest)), None)
    if first is None:
        return not_applicable("the service has no alert")
    runs = service.surroundings.rule_test_runs
    tests = runs.of(service)
    if not tests:
        message = (
            "no test file of promtool names a rule file with its rules and asks for one of them"
        )
        return failed(Fault(message, first.manifest, ("spec", "groups"), absent=True))
    if runs.reason:
        return no_data(runs.reason)
    faults, unknown = [], []
    for run in tests:
        path = run.test.path
        for copy in run.stale:
            message = f"it tests {copy}, which is not what the PrometheusRule says any more"
            faults.append(Fault(message, path=path, line=1))
        if run.unknown:
            unknown.append(Fault(run.unknown, path=path, line=1))
        elif run.complaint:
            faults.append(Fault(f"it fails: {run.complaint}", path=path, line=1))
    if faults:
        return failed(*faults)
    if unknown:
        return no_data(unknown[0].message, unknown)
    return passed(f"{len(tests)} test files pass" if len(tests) > 1 else "the test file passes")
