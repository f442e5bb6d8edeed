"""The report as JSON: one line per service, so that it can be read, compared and streamed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from flagstone import __version__
from flagstone.scorecards.engine.reporting.fingerprints import fingerprints
from flagstone.scorecards.engine.reporting.report import Comparison, Report, ServiceReport

TOOL = {"name": "flagstone", "version": __version__}


def render(report: Report) -> str:
    data = report.as_dict(TOOL | {"scorecard": report.scorecard.name})
    if report.scope is not None:
        data["changed_since"] = asdict(report.scope)
    if report.baseline is not None:
        data["baseline"] = _compared(report.baseline)
    services = ",\n".join(json.dumps(_service(service, report)) for service in report.services)
    del data["services"]
    start = json.dumps(data)[:-1]
    return (
        f'{start}, "services": [\n{services}\n]}}\n' if services else f'{start}, "services": []}}\n'
    )


def _service(service: ServiceReport, report: Report) -> dict[str, Any]:
    """The service, its findings with what they are known by."""
    data = service.as_dict()
    if report.scope is not None:
        data["shown_because"] = service.shown_because
    for check, told in zip(service.checks, data["checks"], strict=True):
        marks = fingerprints(check)
        for finding, mark, words in zip(check.findings, marks, told["findings"], strict=True):
            words |= {"fingerprint": mark, "known": finding.known}
    return data


def _compared(baseline: Comparison) -> dict[str, Any]:
    return {
        "known": baseline.known,
        "new": baseline.new,
        "undecided": baseline.undecided,
        "gone": [asdict(entry) for entry in baseline.gone],
    }
