"""A report held against what was known before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flagstone.scorecards.engine.reporting.baseline import compare, entries_of
from flagstone.scorecards.engine.reporting.report import BaselineEntry, Comparison, Report
from flagstone.scorecards.engine.states import Severity, State
from tests.scorecards.engine.samples import as_yaml, objects, score, scorecard, service

CARD = scorecard("PB-02", "RS-01")


def bare(*missing: str, name: str = "checkout") -> dict[str, Any]:
    found = objects("deployment")
    found["deployment"]["metadata"]["name"] = name
    container = found["deployment"]["spec"]["template"]["spec"]["containers"][0]
    for field in missing:
        del container[field]
    return found


def judged(**files: dict[str, Any]) -> Report:
    texts = {
        f"{path}/a.yaml": as_yaml(list(found.values())).encode() for path, found in files.items()
    }
    return score(texts, CARD)


def held(report: Report, baseline: list[BaselineEntry], *there: str) -> Report:
    return compare(report, baseline, exists=lambda path: path in there)


def test_what_was_there_fails_nothing_and_is_marked() -> None:
    report = judged(a=bare("livenessProbe", "resources"))

    found = held(report, entries_of(report), "a/a.yaml")

    assert found.baseline == Comparison(known=4, new=0, gone=(), undecided=0)
    assert all(f.known for check in service(found).checks for f in check.findings)
    assert report.fails_at(Severity.H)
    assert not found.fails_at(Severity.L)
    assert service(found).score == service(report).score == 0


def test_what_is_new_fails_beside_what_is_known() -> None:
    before = entries_of(judged(a=bare("resources")))

    found = held(judged(a=bare("livenessProbe", "resources")), before, "a/a.yaml")

    assert found.baseline == Comparison(known=3, new=1, gone=(), undecided=0)
    assert found.fails_at(Severity.H)


def test_what_is_mended_is_told() -> None:
    before = entries_of(judged(a=bare("livenessProbe", "resources")))

    found = held(judged(a=bare("resources")), before, "a/a.yaml")

    assert found.baseline
    assert [(entry.check, entry.message) for entry in found.baseline.gone] == [
        ("PB-02", "Deployment/checkout: container app has no livenessProbe")
    ]
    assert (found.baseline.known, found.baseline.new) == (3, 0)


def test_an_object_may_move_to_another_file() -> None:
    before = entries_of(judged(old=bare("livenessProbe")))

    found = held(judged(new=bare("livenessProbe")), before, "new/a.yaml")

    assert found.baseline == Comparison(known=1, new=0, gone=(), undecided=0)


def test_a_second_object_of_the_same_name_elsewhere_is_new() -> None:
    before = entries_of(judged(dev=bare("livenessProbe")))
    both = judged(dev=bare("livenessProbe"), prod=bare("livenessProbe"))

    found = held(both, before, "dev/a.yaml", "prod/a.yaml")

    assert found.baseline == Comparison(known=1, new=1, gone=(), undecided=0)
    assert [
        (finding.path, finding.known)
        for one in found.services
        for check in one.checks
        for finding in check.findings
    ] == [("dev/a.yaml", True), ("prod/a.yaml", False)]


def test_mended_here_and_broken_there_is_new() -> None:
    before = entries_of(judged(dev=bare("livenessProbe"), prod=bare()))
    now = judged(dev=bare(), prod=bare("livenessProbe"))

    found = held(now, before, "dev/a.yaml", "prod/a.yaml")

    assert found.baseline
    assert (found.baseline.known, found.baseline.new, len(found.baseline.gone)) == (0, 1, 1)


def test_what_cannot_be_decided_now_is_not_called_mended() -> None:
    before = entries_of(judged(a=bare("livenessProbe")))
    report = judged(a=bare())
    unsure = replace(
        report,
        services=tuple(
            replace(
                one,
                checks=tuple(
                    replace(check, state=State.NO_DATA) if check.id == "PB-02" else check
                    for check in one.checks
                ),
            )
            for one in report.services
        ),
    )

    found = held(unsure, before, "a/a.yaml")

    assert found.baseline == Comparison(known=0, new=0, gone=(), undecided=1)


def test_entries_are_sorted_and_each_is_there_once() -> None:
    found = entries_of(judged(b=bare("livenessProbe"), a=bare("resources")))

    assert [entry.path for entry in found] == ["a/a.yaml"] * 3 + ["b/a.yaml"]
    assert found == sorted(set(found))


WORKFLOW = b"""
%s
on: push
jobs:
  test: {runs-on: x, steps: [{uses: acme/tool@v4}, {uses: acme/lint@v4}]}
"""


def pipelines(*extra: str, **workflows: bytes) -> Report:
    files = {f".github/workflows/{name}.yaml": WORKFLOW % head for name, head in workflows.items()}
    return score(files | dict.fromkeys(extra, b"# Runbook\n"), scorecard("CI-04", "RB-01"))


@pytest.mark.parametrize("head", [b"name: Tests", b""])
def test_a_renamed_workflow_keeps_what_is_known_of_it(head: bytes) -> None:
    before = entries_of(pipelines(ci=head))
    assert before

    found = held(pipelines(tests=head), before, ".github/workflows/tests.yaml")

    assert found.baseline == Comparison(known=len(before), new=0, gone=(), undecided=0)


def test_a_workflow_beside_the_one_that_is_known_is_new() -> None:
    before = entries_of(pipelines(ci=b""))
    paths = (".github/workflows/ci.yaml", ".github/workflows/tests.yaml")

    found = held(pipelines(ci=b"", tests=b""), before, *paths)

    assert found.baseline == Comparison(known=len(before), new=len(before), gone=(), undecided=0)
