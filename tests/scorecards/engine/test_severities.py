"""Findings that are graver or lighter than their check."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flagstone.scorecards.engine.reporting.report import CheckReport, Report
from flagstone.scorecards.engine.states import Severity, State
from tests.scorecards.engine.samples import (
    SAMPLES,
    files_of_change,
    read_sample,
    score,
    scorecard,
    verdict,
)


def judged(check_id: str, *use: str, **change: Any) -> Report:
    return score(files_of_change({"use": use, **change}), scorecard(check_id))


DETECTION = "dr/spec/trafficPolicy/outlierDetection"
IMAGE = "deployment/spec/template/spec/containers/0/image"


@pytest.mark.parametrize(
    ("check_id", "use", "changes", "severity"),
    [
        ("RO-15", ["rollout"], {"rollout/spec/progressDeadlineAbort": False}, Severity.M),
        ("RO-15", ["rollout"], {"rollout/spec/minReadySeconds": 900}, Severity.C),
        ("RO-14", ["rollout", "hpa"], {"rollout/spec/replicas": 2}, Severity.H),
        ("RO-14", ["rollout"], {}, Severity.M),
        ("DR-02", ["rollout", "service", "dr"], {DETECTION: None}, Severity.C),
        ("DR-02", ["rollout", "service", "dr"], {DETECTION: {"interval": "10s"}}, Severity.M),
        ("IM-01", ["deployment"], {IMAGE: "registry.example.com/checkout:1.2.3"}, Severity.M),
        ("IM-01", ["deployment"], {IMAGE: "registry.example.com/checkout:latest"}, Severity.H),
        ("VS-02", ["rollout", "service", "vs"], {"vs/spec/http/0/retries": None}, Severity.H),
        (
            "VS-02",
            ["rollout", "service", "vs"],
            {"vs/spec/http/0/retries/attempts": 9},
            Severity.C,
        ),
        ("AC-11", ["rollout", "app"], {"app/spec/syncPolicy/retry/limit": -1}, Severity.M),
        ("AC-11", ["rollout", "app"], {"app/spec/syncPolicy/retry/limit": 0}, Severity.L),
    ],
)
def test_a_failure_is_as_grave_as_what_was_found(
    check_id: str, use: list[str], changes: dict[str, Any], severity: Severity
) -> None:
    report = judged(check_id, *use, set=changes)
    found = verdict(report, check_id)
    assert (found.state, found.severity) == (State.FAIL, severity)
    assert [report.fails_at(each) for each in Severity] == [severity.at_least(s) for s in Severity]


@pytest.mark.parametrize(
    ("sample", "state", "severities"),
    [
        ("RS-01/fail-limit-range", State.FAIL, "MMM"),
        ("RS-01/fail-limit-range-of-requests", State.FAIL, "HMM"),
        ("RS-01/fail-limit-range-elsewhere", State.FAIL, "HHH"),
        ("RS-01/fail-limit-range-of-pods", State.FAIL, "HHH"),
        ("RS-01/fail-limit-range-with-bounds", State.FAIL, "MMM"),
        ("RS-01/fail-zero", State.FAIL, "H"),
        ("RO-03/fail-above-the-most", State.FAIL, "CH"),
        ("RO-04/fail-two-hours", State.FAIL, "M"),
        ("RO-08/warn-too-few-pods", State.WARN, "M"),
        ("RO-10/fail-unlisted-rule", State.FAIL, "M"),
        ("RO-14/warn-lender-runs-too", State.WARN, "M"),
        ("VS-04/fail-unknown-token", State.FAIL, "H"),
        ("DR-03/fail-more-than-half", State.FAIL, "MM"),
        ("DR-03/fail-third-of-three", State.FAIL, "HH"),
        ("PB-04/fail-both-tcp", State.FAIL, "L"),
        ("PB-04/fail-same-question", State.FAIL, "M"),
        ("GK-01/fail-old-version", State.FAIL, "L"),
        ("GK-01/fail-kind-in-other-letters", State.FAIL, "H"),
        ("GK-02/warn-legacy-schema", State.WARN, "L"),
        ("GK-04/fail-no-rollout", State.FAIL, "C"),
        ("GK-04/fail-no-daemon-set", State.FAIL, "HH"),
        ("FF-02/warn-no-default", State.WARN, "L"),
        ("FF-05/warn-sum", State.WARN, "L"),
        ("FF-06/warn-unused", State.WARN, "L"),
        ("FF-06/fail-typing-error", State.FAIL, "H"),
        ("CI-04/warn-tag", State.WARN, "L"),
    ],
)
def test_each_condition_has_the_severity_of_its_own(
    sample: str, state: State, severities: str
) -> None:
    check_id = sample.partition("/")[0]
    report = score(read_sample(SAMPLES / f"{sample}.yaml"), scorecard(check_id))
    found = verdict(report, check_id)
    assert found.state is state
    assert "".join(one["severity"] for one in found.as_dict()["findings"]) == severities


def two_findings() -> CheckReport:
    changes = {"rollout/spec/progressDeadlineAbort": False, "rollout/spec/minReadySeconds": 900}
    return verdict(judged("RO-15", "rollout", set=changes), "RO-15")


def test_the_gravest_finding_counts_and_each_keeps_its_own() -> None:
    found = two_findings()
    assert found.severity is Severity.C
    assert [one["severity"] for one in found.as_dict()["findings"]] == ["C", "M"]


def test_the_weight_stays_that_of_the_check() -> None:
    assert two_findings().rule.weight == Severity.M.weight


def test_what_the_baseline_knows_makes_nothing_grave() -> None:
    found = two_findings()
    grave, light = found.findings
    assert replace(found, findings=(replace(grave, known=True), light)).severity is Severity.M
