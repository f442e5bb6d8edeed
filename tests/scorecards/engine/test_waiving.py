"""What became of each waiver: in force, lapsed, or waiting for nothing."""

from __future__ import annotations

import shutil
from datetime import date
from typing import Any

import pytest

from flagstone.policies.manifests.reading import read_files
from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.reporting.report import Report, Standing, WaiverReport
from flagstone.scorecards.engine.states import Severity, State
from tests.scorecards.engine.samples import (
    NOW,
    as_yaml,
    files_of,
    objects,
    policies,
    score,
    scorecard,
    service,
    verdict,
)

GOOD = "restarts lose a day of work; until 2027-01-31"
OLD = "restarts lose a day of work; until 2026-11-22"
KEY = "paved.example.com/waive."


def checkout(*, waived: dict[str, Any], bad: bool = True) -> dict[str, Any]:
    found = objects("deployment", "service")
    found["deployment"]["metadata"]["annotations"] = {KEY + k: v for k, v in waived.items()}
    if bad:
        del found["deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    return found


def judged(found: dict[str, Any], *checks: str) -> Report:
    return score(files_of(found), scorecard(*(checks or ("PB-01", "PB-02"))))


def only(report: Report) -> WaiverReport:
    (found,) = service(report).waivers
    return found


def test_one_in_force_tells_whose_word_it_is_and_until_when() -> None:
    report = judged(checkout(waived={"PB-02": GOOD}))

    assert only(report) == WaiverReport(
        check="PB-02",
        standing=Standing.IN_FORCE,
        object="Deployment/payments/checkout",
        path="services/checkout/manifests.yaml",
        line=7,
        reason="restarts lose a day of work",
        until=date(2027, 1, 31),
        findings=1,
        message="",
    )


def test_what_is_waived_beside_a_failure_is_told_too() -> None:
    found = checkout(waived={"RS-01": GOOD})
    del found["deployment"]["spec"]["template"]["spec"]["containers"][0]["resources"]
    found["other"] = checkout(waived={})["deployment"]
    found["other"]["metadata"]["name"] = "checkout-worker"
    del found["other"]["spec"]["template"]["spec"]["containers"][0]["resources"]
    entity = {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": "checkout"},
        "spec": {"type": "service"},
    }
    files = files_of(found) | {"services/checkout/catalog-info.yaml": as_yaml([entity]).encode()}

    check = verdict(score(files, scorecard("RS-01")), "RS-01")

    assert check.state is State.FAIL
    assert {f.object for f in check.findings} == {"Deployment/payments/checkout-worker"}
    assert {w.finding.object for w in check.waived} == {"Deployment/payments/checkout"}
    assert {(w.reason, w.by) for w in check.waived} == {
        ("restarts lose a day of work", "Deployment/payments/checkout")
    }


@pytest.mark.parametrize("text", [OLD, "; until 2027-01-31", "later", None, {"a": 1}])
def test_one_that_lapsed_is_a_failure_of_high_severity(text: object) -> None:
    found = checkout(waived={"PB-04": text}, bad=False)
    container = found["deployment"]["spec"]["template"]["spec"]["containers"][0]
    container["readinessProbe"] = container["livenessProbe"]
    report = judged(found, "PB-04")

    check = verdict(report, "PB-04")
    assert check.rule.check.severity is Severity.M
    assert (check.state, check.lapsed, check.severity) == (State.FAIL, True, Severity.H)
    assert report.fails_at(Severity.H)
    assert not report.fails_at(Severity.C)
    assert only(report).standing is Standing.LAPSED
    assert check.findings[0].message.endswith(f"({only(report).message})")


def test_a_critical_check_stays_critical() -> None:
    found = checkout(waived={"PB-01": OLD})
    del found["deployment"]["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]

    assert verdict(judged(found), "PB-01").severity is Severity.C


@pytest.mark.parametrize("text", [OLD, GOOD])
def test_one_that_nothing_needs_is_a_note_and_fails_nothing(text: str) -> None:
    report = judged(checkout(waived={"PB-02": text}, bad=False))

    assert verdict(report, "PB-02").state is State.PASS
    assert only(report).standing is Standing.UNUSED
    assert only(report).message.endswith("so take it out")
    assert not report.fails_at(Severity.L)


def ids_of(family: str) -> list[str]:
    return sorted(check.id for check in REGISTRY if check.id.startswith(f"{family}-"))


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("PB-O2", "there is no check 'PB-O2'; is PB-02 meant?"),
        ("zzz", "there is no check 'zzz'"),
        (
            "vs-99",
            f"there is no check 'vs-99'; those of VS are {', '.join(ids_of('VS'))}",
        ),
        ("PB01", "there is no check 'PB01'; is PB-01 meant?"),
        ("VS-01", "this scorecard does not ask that check"),
    ],
)
def test_one_of_a_check_that_is_not_asked_is_told(check: str, message: str) -> None:
    report = judged(checkout(waived={check: GOOD}))

    assert (only(report).standing, only(report).message) == (Standing.UNKNOWN, message)
    assert verdict(report, "PB-02").state is State.FAIL


def test_one_on_the_pod_template_counts() -> None:
    found = checkout(waived={})
    template = found["deployment"]["spec"]["template"]
    template["metadata"]["annotations"] = {f"{KEY}pb-02": GOOD}

    report = judged(found)

    assert verdict(report, "PB-02").state is State.EXEMPT
    assert only(report).check == "PB-02"


def test_of_two_the_one_that_holds_counts() -> None:
    found = checkout(waived={"PB-02": OLD})
    template = found["deployment"]["spec"]["template"]
    template["metadata"]["annotations"] = {f"{KEY}PB-02": GOOD}

    assert verdict(judged(found), "PB-02").state is State.EXEMPT


def test_one_on_an_item_of_a_list_counts_and_has_its_line() -> None:
    found = checkout(waived={"PB-02": GOOD})
    whole = {"apiVersion": "v1", "kind": "List", "items": list(found.values())}
    text = as_yaml([whole])

    report = score({"services/checkout/all.yaml": text.encode()}, scorecard("PB-02"))

    assert verdict(report, "PB-02").state is State.EXEMPT
    line = next(n for n, words in enumerate(text.splitlines(), 1) if KEY in words)
    assert only(report).line == line


@pytest.mark.skipif(
    not (shutil.which("kubectl") or shutil.which("kustomize")), reason="no kustomize"
)
def test_one_that_a_kustomization_patches_in_counts() -> None:
    patch = f"""
apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout
  namespace: payments
  annotations: {{{KEY}PB-02: "{GOOD}"}}
"""
    files = {
        "checkout/all.yaml": as_yaml(list(checkout(waived={}).values())).encode(),
        "checkout/waiver.yaml": patch.encode(),
        "checkout/kustomization.yaml": b"resources: [all.yaml]\npatches: [{path: waiver.yaml}]\n",
    }

    report = evaluate(read_files(files), scorecard("PB-02"), policies(), now=NOW)

    assert verdict(report, "PB-02").state is State.EXEMPT
    assert only(report).object == "Deployment/payments/checkout"


def test_a_plain_date_is_no_waiver_and_no_crash() -> None:
    text = as_yaml(list(checkout(waived={"PB-02": "DATE"}).values()))

    report = score({"a.yaml": text.replace("DATE", "2027-01-31").encode()}, scorecard("PB-02"))

    assert only(report).message.endswith("not '2027-01-31'")
    assert only(report).standing is Standing.LAPSED


def test_where_the_check_is_not_decided_the_waiver_waits() -> None:
    rollout = objects("rollout")
    rollout["rollout"]["metadata"]["annotations"] = {f"{KEY}PB-02": GOOD}
    del rollout["rollout"]["spec"]["template"]
    rollout["rollout"]["spec"]["workloadRef"] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "elsewhere",
    }

    report = judged(rollout, "PB-02")

    assert verdict(report, "PB-02").state is State.NO_DATA
    assert only(report).standing is Standing.IN_FORCE
    assert only(report).message == "whether it is needed cannot be said yet"


def test_a_fault_of_a_file_is_waived_on_the_workload_that_is_the_service() -> None:
    report = judged(checkout(waived={"RB-01": GOOD}), "RB-01")

    assert verdict(report, "RB-01").state is State.EXEMPT


def test_one_on_an_object_of_no_service_is_told_with_the_whole() -> None:
    found = checkout(waived={}, bad=False)
    found["settings"] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "other", "annotations": {f"{KEY}PB-02": GOOD}},
    }

    report = judged(found)

    assert service(report).waivers == ()
    assert [(w.object, w.standing) for w in report.waivers] == [
        ("ConfigMap/other/a", Standing.UNUSED)
    ]
