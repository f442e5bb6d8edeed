"""The JSON report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from flagstone.cli.formats.json_report import pieces, render
from flagstone.scorecards.engine.reporting.baseline import compare, entries_of
from flagstone.scorecards.engine.reporting.report import Scope
from tests.scorecards.engine.samples import files_of, objects, score, scorecard


def test_it_is_the_report_one_line_per_service() -> None:
    report = score(
        files_of(objects("deployment", "service"), "a") | files_of(objects("rollout"), "b"),
        scorecard("PB-01", "PB-02"),
    )

    text = render(report)

    data = json.loads(text)
    assert list(data) == ["tool", "input", "waivers", "services"]
    assert data["tool"] == {"name": "flagstone", "version": "0.1.0", "scorecard": "sample"}
    assert [one["ref"] for one in data["services"]] == [one.ref for one in report.services]
    assert len(text.splitlines()) == 2 + len(report.services)


def test_each_service_is_a_piece_of_its_own() -> None:
    found = files_of(objects("deployment", "service"), "a") | files_of(objects("rollout"), "b")
    report = score(found, scorecard("PB-01", "PB-02"))

    made = list(pieces(report))

    assert len(made) == len(report.services) + 2
    assert "".join(made) == render(report)
    assert [json.loads(one.lstrip(",\n"))["ref"] for one in made[1:-1]] == [
        one.ref for one in report.services
    ]


def test_without_services() -> None:
    assert json.loads(render(score({}, scorecard("PB-01"))))["services"] == []


def test_findings_carry_what_they_are_known_by() -> None:
    found = objects("deployment")
    del found["deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    report = score(files_of(found), scorecard("PB-02"))

    data = json.loads(render(compare(report, entries_of(report), exists=bool)))

    (finding,) = data["services"][0]["checks"][0]["findings"]
    assert finding["known"] is True
    assert finding["fingerprint"] == entries_of(report)[0].fingerprint
    assert data["baseline"] == {"known": 1, "new": 0, "undecided": 0, "gone": []}


PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "score-json.md"


def keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in keys(inner)}
    if isinstance(value, list):
        return {key for inner in value for key in keys(inner)}
    return set()


def test_every_key_is_described() -> None:
    found = objects("deployment")
    del found["deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    found["deployment"]["metadata"]["annotations"] = {
        "paved.example.com/waive.PB-02": "why; until 2027-01-31"
    }
    report = score(files_of(found) | {"x.yaml": b"\xff\x00"}, scorecard("PB-02", "RB-01"))
    scope = Scope("main", 1, 0, ())

    told = keys(json.loads(render(compare(replace(report, scope=scope), [], exists=bool))))

    assert {key for key in told if f"`{key}`" not in PAGE.read_text()} == set()
    assert {"shown_because", "verdicts_differ", "waived", "fingerprint", "skipped"} <= told
