"""The report as JSON: one line per service, so that it can be read, compared and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from flagstone import __version__
from flagstone.scorecards.engine.reporting.fingerprints import fingerprints
from flagstone.scorecards.engine.reporting.report import (
    CheckReport,
    Comparison,
    Report,
    ServiceReport,
)

TOOL = {"name": "flagstone", "version": __version__}


def render(report: Report) -> str:
    """Return the whole report as one text."""
    return "".join(pieces(report))


def pieces(report: Report) -> Iterator[str]:
    """Make the same text service by service: of many it is far larger than the report itself."""
    tool = TOOL | {"scorecard": report.scorecard.name}
    data = replace(report, services=()).as_dict(tool)
    if report.scope is not None:
        data["changed_since"] = asdict(report.scope)
    if report.baseline is not None:
        data["baseline"] = _compared(report.baseline)
    del data["services"]
    yield f'{json.dumps(data)[:-1]}, "services": ['
    known: dict[tuple[str, ...], str] = {}
    before = "\n"
    for service in report.services:
        yield before + _service(service, report, known)
        before = ",\n"
    yield "\n]}\n" if report.services else "]}\n"


def _service(service: ServiceReport, report: Report, known: dict[tuple[str, ...], str]) -> str:
    data = replace(service, checks=()).as_dict()
    if report.scope is not None:
        data["shown_because"] = service.shown_because
        data["verdicts_differ"] = list(service.verdicts_differ)
    parts = {key: json.dumps(value) for key, value in data.items()}
    parts["checks"] = f"[{', '.join(_check(check, known) for check in service.checks)}]"
    return f"{{{', '.join(f'{json.dumps(key)}: {text}' for key, text in parts.items())}}}"


def _check(check: CheckReport, known: dict[tuple[str, ...], str]) -> str:
    """The check, its findings with what they are known by; most services share what is without any."""
    if check.findings or check.waived:
        data = check.as_dict()
        for finding, mark, words in zip(
            check.findings, fingerprints(check), data["findings"], strict=True
        ):
            words |= {"fingerprint": mark, "known": finding.known}
        return json.dumps(data)
    key = (check.id, check.state, check.severity, check.summary)
    if key not in known:
        known[key] = json.dumps(check.as_dict())
    return known[key]


def _compared(baseline: Comparison) -> dict[str, Any]:
    return {
        "known": baseline.known,
        "new": baseline.new,
        "undecided": baseline.undecided,
        "gone": [asdict(entry) for entry in baseline.gone],
    }
