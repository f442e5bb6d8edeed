"""The report as SARIF 2.1.0, for code scanning: what fails and warns, and what is exempt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from flagstone import __version__
from flagstone.core.hidden_characters import on_one_line, written_out
from flagstone.scorecards.engine.registry import Check
from flagstone.scorecards.engine.report import CheckReport, Finding, Report, ServiceReport
from flagstone.scorecards.engine.states import Severity, State

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.C: "error", Severity.H: "error", Severity.M: "warning", Severity.L: "note"}
_SECURITY_SEVERITY = {Severity.C: "9.0", Severity.H: "7.0", Severity.M: "5.0", Severity.L: "2.0"}
_RESULTS = (State.FAIL, State.WARN, State.EXEMPT)


def render(report: Report) -> str:
    checks = {check.id: check.rule.check for service in report.services for check in service.checks}
    checks |= {rule.check.id: rule.check for rule in report.scorecard.rules}
    order = {check_id: position for position, check_id in enumerate(checks)}
    run = {
        "tool": {
            "driver": {
                "name": "flagstone",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(check) for check in checks.values()],
            }
        },
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {"ROOT": {"description": {"text": "The folder that was scored."}}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": list(_notifications(report)),
            }
        ],
        "results": list(_results(report, order)),
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": "".join(word.capitalize() for word in check.name.split() if word.isalpha()),
        "shortDescription": {"text": check.name},
        "fullDescription": {"text": check.why},
        "help": {
            "text": f"{check.why}\n\n{check.remedy}",
            "markdown": f"**Why:** {check.why}\n\n**How to mend it:** {check.remedy}",
        },
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
        "properties": {
            "precision": "high",
            "problem.severity": _LEVELS[check.severity].replace("note", "recommendation"),
            "security-severity": _SECURITY_SEVERITY[check.severity],
            "tags": ["reliability", f"severity-{check.severity.label}"],
        },
    }


def _results(report: Report, order: dict[str, int]) -> Iterator[dict[str, Any]]:
    for service in report.services:
        for check in service.in_state(*_RESULTS):
            for finding in check.findings:
                yield _result(service, check, finding, order[check.id])


def _result(
    service: ServiceReport, check: CheckReport, finding: Finding, index: int
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": check.id,
        "ruleIndex": index,
        "level": "warning" if check.state is State.WARN else _LEVELS[check.severity],
        "message": {"text": written_out(f"{finding.message}. {check.rule.check.remedy}")},
        "locations": [_location(finding)],
        "partialFingerprints": {"flagstoneFinding/v1": fingerprint(service, check, finding)},
        "properties": {"service": on_one_line(service.ref), "state": check.state.value},
    }
    if check.state is State.EXEMPT:
        reason = written_out(check.summary)
        suppression = {"kind": "external", "status": "accepted", "justification": reason}
        result["suppressions"] = [suppression]
    return result


def _location(finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(finding.path or "."), "uriBaseId": "ROOT"},
            "region": {"startLine": finding.line or 1},
        }
    }
    if finding.object:
        name = f"{finding.object}/{finding.container}" if finding.container else finding.object
        location["logicalLocations"] = [{"fullyQualifiedName": on_one_line(name), "kind": "object"}]
    return location


def fingerprint(service: ServiceReport, check: CheckReport, finding: Finding) -> str:
    """What stays the same when lines move or words of a message change."""
    parts = [check.id, service.ref, finding.path, finding.object, finding.container]
    parts.append(finding.place or finding.message)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _notifications(report: Report) -> Iterator[dict[str, Any]]:
    for skipped in report.skipped:
        place = {"artifactLocation": {"uri": quote(skipped.path), "uriBaseId": "ROOT"}}
        yield {
            "level": "note",
            "message": {"text": written_out(f"not read: {skipped.reason}")},
            "locations": [{"physicalLocation": place}],
        }
