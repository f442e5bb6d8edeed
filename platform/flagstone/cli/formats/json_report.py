"""The report as JSON: one line per service, so that it can be read, compared and streamed."""

from __future__ import annotations

import json

from flagstone import __version__
from flagstone.scorecards.engine.report import Report

TOOL = {"name": "flagstone", "version": __version__}


def render(report: Report) -> str:
    data = report.as_dict(TOOL | {"scorecard": report.scorecard.name})
    services = ",\n".join(json.dumps(service) for service in data["services"])
    head = {key: data[key] for key in ("tool", "input")}
    start = json.dumps(head)[:-1]
    return (
        f'{start}, "services": [\n{services}\n]}}\n' if services else f'{start}, "services": []}}\n'
    )
