"""The report as SARIF 2.1.0, for code scanning: what fails and warns, and what is accepted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote

from flagstone import __version__
from flagstone.core.hidden_characters import on_one_line, written_out
from flagstone.scorecards.engine.registry import Check
from flagstone.scorecards.engine.reporting.fingerprints import fingerprints
from flagstone.scorecards.engine.reporting.report import (
    BaselineEntry,
    CheckReport,
    Finding,
    Report,
    ServiceReport,
    Standing,
)
from flagstone.scorecards.engine.states import Severity, State

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.C: "error", Severity.H: "error", Severity.M: "warning", Severity.L: "note"}
_SECURITY_SEVERITY = {Severity.C: "9.0", Severity.H: "7.0", Severity.M: "5.0", Severity.L: "2.0"}
_RESULTS = (State.FAIL, State.WARN, State.EXEMPT)
# GitHub refuses a run with more; what a person could ever read is far below
_MOST_RESULTS = 25_000
_GRAVEST_FIRST = ("error", "warning", "note", "none")
_ROOT = "The root of the repository, or the folder that was scored where it is in none."
_NAMED = 5  # services in a message: the properties have them all
_WORDS = 10_000  # brackets, names and values of the document in one piece of its text
_FINGERPRINT = "flagstoneFinding/v2"


def render(report: Report, *, folder: str = "", most: int = _MOST_RESULTS) -> str:
    """Return the document, of which `pieces` says more."""
    return "".join(pieces(report, folder=folder, most=most))


def pieces(report: Report, *, folder: str = "", most: int = _MOST_RESULTS) -> Iterator[str]:
    """Make the document, a part of its text at a time: all of them together are ten times as large.

    Args:
        report: what was found.
        folder: where in the repository the scored folder lies; "" if it is the repository, or in none.
        most: of more results the least grave are left out, and that is told.
    """
    checks = {check.id: check.rule.check for service in report.services for check in service.checks}
    checks |= {rule.check.id: rule.check for rule in report.scorecard.rules}
    order = {check_id: position for position, check_id in enumerate(checks)}
    results = _once(_results(report, order))
    left_out = max(0, len(results) - most)
    if left_out:
        results.sort(key=_is_behind)
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
        "originalUriBaseIds": {"ROOT": {"description": {"text": _ROOT}}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    *_cut(left_out),
                    *_notifications(report),
                ],
            }
        ],
        "results": results[:most],
    }
    if folder:
        _move(run, f"{quote(folder)}/")
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    words = json.JSONEncoder(indent=1).iterencode(document)
    while several := "".join(islice(words, _WORDS)):
        yield several
    yield "\n"


def _move(value: Any, folder: str) -> None:
    """Count every path from the root of the repository, as code scanning does."""
    if isinstance(value, dict):
        if value.get("uriBaseId") == "ROOT":
            value["uri"] = folder.rstrip("/") if value["uri"] == "." else folder + value["uri"]
        for inner in value.values():
            _move(inner, folder)
    elif isinstance(value, list):
        for inner in value:
            _move(inner, folder)


def _once(results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is found in several services, because they share an object or file, is one result."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for result in results:
        (location,) = result["locations"]
        place = location["physicalLocation"]
        suppressions = result.get("suppressions", [])
        kind = [result.get(key) for key in ("ruleId", "level", "kind", "baselineState")]
        reasons = [suppression["justification"] for suppression in suppressions]
        where = place["artifactLocation"]["uri"], place["region"]["startLine"]
        key = (*kind, *where, result["message"]["text"], *reasons)
        first = found.setdefault(key, result)
        if first is not result:
            named = first["locations"][0].setdefault("logicalLocations", [])
            named += [one for one in location.get("logicalLocations", ()) if one not in named]
            services = first["properties"]["services"]
            services += [one for one in result["properties"]["services"] if one not in services]
    for result in found.values():
        services = result["properties"]["services"]
        if len(services) > 1:
            shown = ", ".join(services[:_NAMED])
            more = f" and {len(services) - _NAMED:,} more" if len(services) > _NAMED else ""
            result["message"]["text"] += f" ({len(services):,} services: {shown}{more})"
    return list(found.values())


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


def _is_behind(result: dict[str, Any]) -> tuple[bool, bool, int]:
    """What fails comes before what is accepted, new before known, grave before light."""
    return (
        "suppressions" in result,
        result.get("baselineState", "new") != "new",
        _GRAVEST_FIRST.index(result["level"]),
    )


def _results(report: Report, order: dict[str, int]) -> Iterator[dict[str, Any]]:
    for service in report.services:
        for check in service.in_state(*_RESULTS):
            found = _accepted(service, check) if check.waived else []
            waived = {accepted.finding for accepted in check.waived}
            for finding, mark in zip(check.findings, fingerprints(check), strict=True):
                if finding not in waived:
                    found.append(_result(service, check, finding, mark))
            for result in found:
                result["ruleIndex"] = order[check.id]
                if report.baseline is not None:
                    result.setdefault("baselineState", "new")
                yield result
    if report.baseline is not None:
        for entry in report.baseline.gone:
            if entry.check in order:
                yield _gone(entry, order[entry.check])


def _result(
    service: ServiceReport, check: CheckReport, finding: Finding, mark: str
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": check.id,
        "level": "warning" if check.state is State.WARN else _LEVELS[check.severity_of(finding)],
        "message": {"text": written_out(f"{_message(finding)}. {check.rule.check.remedy}")},
        "locations": [_location(finding)],
        "partialFingerprints": {_FINGERPRINT: mark},
        "properties": {"services": [on_one_line(service.ref)], "state": check.state.value},
    }
    if finding.known:
        result["baselineState"] = "unchanged"
    if check.state is State.EXEMPT:
        reason = written_out(check.summary)
        suppression = {"kind": "external", "status": "accepted", "justification": reason}
        result["suppressions"] = [suppression]
    return result


def _accepted(service: ServiceReport, check: CheckReport) -> list[dict[str, Any]]:
    """What annotations accept: results that the code itself suppresses, with the reason and the day."""
    found = []
    marks = fingerprints(check, [accepted.finding for accepted in check.waived])
    for accepted, mark in zip(check.waived, marks, strict=True):
        result = _result(service, check, accepted.finding, mark)
        reason = f"{accepted.reason} (until {accepted.until}, by {on_one_line(accepted.by)})"
        result["suppressions"] = [
            {
                "kind": "inSource",
                "status": "accepted",
                "justification": written_out(reason),
                "location": {"physicalLocation": _place(accepted.path, accepted.line)},
            }
        ]
        result["properties"]["state"] = State.EXEMPT.value
        found.append(result)
    return found


def _gone(entry: BaselineEntry, index: int) -> dict[str, Any]:
    return {
        "ruleId": entry.check,
        "ruleIndex": index,
        "level": "none",
        "kind": "pass",
        "message": {"text": written_out(f"Not found any more: {entry.message}") or "mended"},
        "locations": [{"physicalLocation": _place(entry.path, None)}],
        "partialFingerprints": {_FINGERPRINT: entry.fingerprint},
        "baselineState": "absent",
        "properties": {"services": []},
    }


def _message(finding: Finding) -> str:
    if not finding.rendered_by:
        return finding.message
    return f"{finding.message} (as {finding.rendered_by} renders it)"


def _place(path: str, line: int | None) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": quote(path or "."), "uriBaseId": "ROOT"},
        "region": {"startLine": line or 1},
    }


def _location(finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": _place(finding.path, finding.line)}
    if finding.object:
        name = f"{finding.object}/{finding.container}" if finding.container else finding.object
        location["logicalLocations"] = [{"fullyQualifiedName": on_one_line(name), "kind": "object"}]
    return location


def _cut(left_out: int) -> Iterator[dict[str, Any]]:
    if left_out:
        text = f"{left_out:,} results are left out, the least grave; --format json has them all"
        yield {"level": "warning", "message": {"text": text}}


def _notifications(report: Report) -> Iterator[dict[str, Any]]:
    for skipped in report.skipped:
        place = {"artifactLocation": {"uri": quote(skipped.path), "uriBaseId": "ROOT"}}
        yield {
            "level": "note",
            "message": {"text": written_out(f"not read: {skipped.reason}")},
            "locations": [{"physicalLocation": place}],
        }
    waivers = [waiver for service in report.services for waiver in service.waivers]
    for waiver in dict.fromkeys((*waivers, *report.waivers)):
        if waiver.message:
            about = f"the waiver of {waiver.check} on {on_one_line(waiver.object)}"
            yield {
                "level": "warning" if waiver.standing is Standing.LAPSED else "note",
                "message": {"text": written_out(f"{about}: {waiver.message}")},
                "locations": [{"physicalLocation": _place(waiver.path, waiver.line)}],
            }
