"""The JSON report."""

from __future__ import annotations

import json

from flagstone.cli.formats.json_report import render
from tests.scorecards.engine.samples import files_of, objects, score, scorecard


def test_it_is_the_report_one_line_per_service() -> None:
    report = score(
        files_of(objects("deployment", "service"), "a") | files_of(objects("rollout"), "b"),
        scorecard("PB-01", "PB-02"),
    )

    text = render(report)

    data = json.loads(text)
    assert list(data) == ["tool", "input", "services"]
    assert data["tool"] == {"name": "flagstone", "version": "0.1.0", "scorecard": "sample"}
    assert data == report.as_dict(data["tool"])
    assert len(text.splitlines()) == 2 + len(report.services)


def test_without_services() -> None:
    assert json.loads(render(score({}, scorecard("PB-01"))))["services"] == []
