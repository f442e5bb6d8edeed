"""What policies say of objects: for people, as JSON, as JUnit XML, as SARIF."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from flagstone import __version__
from flagstone.cli.formats.style import Style
from flagstone.core.hidden_characters import on_one_line, written_out
from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.gatekeeper.judging import Judged, Judgement
from flagstone.policies.gatekeeper.policies import Violation

_BOLD, _DIM, _RED, _YELLOW, _GREEN, _CYAN = "1", "2", "31", "33", "32", "36"
_COLOURS = {"deny": _RED, "warn": _YELLOW, "dryrun": _CYAN}
_LEVELS = {"deny": "error", "warn": "warning", "dryrun": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_TOOL = {"name": "flagstone", "version": __version__}


def as_text(judgement: Judgement, style: Style) -> str:
    lines = [line for judged in judgement.objects for line in _object(judged, style)]
    for path, reason in judgement.untested:
        lines += [
            style.paint(on_one_line(path), _BOLD),
            *style.wrap(f"not tested: {reason}", 2),
            "",
        ]
    lines += _section("broken policies", judgement.broken, style)
    lines += _section("not evaluated", judgement.not_evaluated, style)
    return "\n".join([*lines, _summary(judgement, style), ""])


def _section(heading: str, errors: Sequence[PolicyError], style: Style) -> Iterator[str]:
    if errors:
        yield style.paint(heading, _BOLD, _RED)
        for error in errors:
            yield from style.wrap(error.message, 2, hanging=2)
        yield ""


def _object(judged: Judged, style: Style) -> Iterator[str]:
    review = judged.review
    if not review.violations and not review.failures:
        return
    where = f"{on_one_line(judged.path)}  {on_one_line(_name(judged))}"
    yield style.paint(where, _BOLD)
    for violation in review.violations:
        word = style.paint(f"{violation.enforcement:<6}", _COLOURS[violation.enforcement])
        line = judged.line_of(violation)
        place = f"line {line}" if line else "somewhere"
        yield f"  {word}  {style.paint(f'{place}, {_names(violation)}', _DIM)}"
        yield from style.wrap(violation.message, 10)
    for failure in review.failures:
        yield f"  {style.paint('unknown', _CYAN)}"
        yield from style.wrap(failure.message, 10)
    yield ""


def _name(judged: Judged) -> str:
    """The object, and the overlay that renders it from a file of others."""
    overlay = judged.manifest.rendered_by
    return f"{judged.manifest.ref}, rendered by {overlay}" if overlay else judged.manifest.ref


def _names(violation: Violation) -> str:
    return on_one_line(f"{violation.policy} / {violation.constraint}")


def _counts(judgement: Judgement) -> Counter[str]:
    counts = Counter(v.enforcement for j in judgement.objects for v in j.review.violations)
    found: Counter[str] = Counter(counts)
    found["unknown"] = sum(len(judged.review.failures) for judged in judgement.objects)
    return found


def _summary(judgement: Judgement, style: Style) -> str:
    counts = _counts(judgement)
    said = [f"{counts[key]} {key}" for key in ("deny", "warn", "dryrun", "unknown") if counts[key]]
    said += [f"{len(judgement.broken)} broken policies"] if judgement.broken else []
    said += [f"{len(judgement.untested)} not tested"] if judgement.untested else []
    objects = f"{len(judgement.objects)} object{'' if len(judgement.objects) == 1 else 's'}"
    text = f"{objects}: {', '.join(said) or 'no violation'}"
    return style.paint(text, _BOLD, _GREEN if judgement.holds else _RED)


def as_json(judgement: Judgement) -> str:
    data = {
        "tool": _TOOL,
        "objects": [
            {
                "path": judged.path,
                "line": judged.manifest.line(),
                "rendered_by": judged.manifest.rendered_by,
                "object": judged.manifest.ref,
                "violations": [_violation(judged, v) for v in judged.review.violations],
                "unknown": [_error(error) for error in judged.review.failures],
            }
            for judged in judgement.objects
        ],
        "not_tested": [{"path": path, "reason": reason} for path, reason in judgement.untested],
        "broken": [_error(error) for error in judgement.broken],
        "not_evaluated": [_error(error) for error in judgement.not_evaluated],
    }
    return json.dumps(data, indent=1) + "\n"


def _violation(judged: Judged, violation: Violation) -> dict[str, Any]:
    return {
        "policy": violation.policy,
        "constraint": violation.constraint,
        "enforcement": violation.enforcement,
        "line": judged.line_of(violation),
        "message": violation.message,
        "details": violation.details,
    }


def _error(error: PolicyError) -> dict[str, Any]:
    return {
        "policy": error.policy,
        "constraint": error.constraint,
        "path": error.path,
        "line": error.line,
        "reason": error.reason,
        "code": error.code,
    }


def as_junit(judgement: Judgement) -> str:
    bad = [judged for judged in judgement.objects if _faults(judged)]
    wrong = [*judgement.untested, *((e.path, e.message) for e in judgement.broken)]
    total = len(judgement.objects) + len(wrong)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    numbers = f'tests="{total}" failures="{len(bad)}" errors="{len(wrong)}"'
    lines.append(f'<testsuites name="flagstone policy test" {numbers}>')
    lines.append(f'<testsuite name="policies" {numbers}>')
    lines += [_junit_object(judged) for judged in judgement.objects]
    for path, reason in wrong:
        head = f'  <testcase classname={_attribute(path)} name="test">'
        lines.append(f"{head}<error message={_attribute(reason)}/></testcase>")
    return "\n".join([*lines, "</testsuite>", "</testsuites>\n"])


def _junit_object(judged: Judged) -> str:
    head = f"  <testcase classname={_attribute(judged.path)} name={_attribute(_name(judged))}"
    faults = _faults(judged)
    if faults:
        text = escape(written_out("\n".join(faults)))
        return f"{head}><failure message={_attribute(faults[0])}>{text}</failure></testcase>"
    softer = [f"{v.enforcement}: {v.message}" for v in judged.review.violations]
    if softer:
        text = escape(written_out("\n".join(softer)))
        return f"{head}><system-out>{text}</system-out></testcase>"
    return f"{head}/>"


def _faults(judged: Judged) -> list[str]:
    denied = [v.message for v in judged.review.violations if v.enforcement == "deny"]
    return denied + [f"unknown: {failure.message}" for failure in judged.review.failures]


def as_sarif(judgement: Judgement) -> str:
    found = [(j, v) for j in judgement.objects for v in j.review.violations]
    names = sorted({violation.policy for _, violation in found})
    errors = [*judgement.broken, *(f for j in judgement.objects for f in j.review.failures)]
    notices = [
        {"level": "error", "message": {"text": written_out(error.message)}}
        for error in dict.fromkeys(errors)
    ]
    notices += [
        {"level": "note", "message": {"text": written_out(f"{path}: not tested: {reason}")}}
        for path, reason in judgement.untested
    ]
    run = {
        "tool": {"driver": {**_TOOL, "rules": [{"id": name, "name": name} for name in names]}},
        "columnKind": "utf16CodeUnits",
        "invocations": [{"executionSuccessful": not errors, "toolExecutionNotifications": notices}],
        "results": [_result(judged, violation, names) for judged, violation in found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _result(judged: Judged, violation: Violation, names: list[str]) -> dict[str, Any]:
    name = on_one_line(_name(judged))
    parts = [violation.policy, violation.constraint, judged.path, name, violation.message]
    fingerprint = hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:32]
    return {
        "ruleId": violation.policy,
        "ruleIndex": names.index(violation.policy),
        "level": _LEVELS[violation.enforcement],
        "message": {"text": written_out(violation.message)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(judged.path)},
                    "region": {"startLine": judged.line_of(violation) or 1},
                },
                "logicalLocations": [{"fullyQualifiedName": name, "kind": "object"}],
            }
        ],
        "partialFingerprints": {"flagstoneViolation/v1": fingerprint},
    }


def _attribute(text: str) -> str:
    return quoteattr(on_one_line(text))
