"""The report as JUnit XML: one test suite per service, one test case per check."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from flagstone.core.hidden_characters import on_one_line, written_out
from flagstone.scorecards.engine.reporting.report import (
    CheckReport,
    Finding,
    Report,
    ServiceReport,
    WaiverReport,
)
from flagstone.scorecards.engine.states import State

_SKIPPED = (State.NOT_APPLICABLE, State.NO_DATA, State.EXEMPT, State.UPCOMING)


def render(report: Report) -> str:
    suites = [_suite(service) for service in report.services]
    total = sum(len(service.checks) for service in report.services)
    failures = sum(len(_failing(service)) for service in report.services)
    errors = sum(len(service.in_state(State.ERROR)) for service in report.services)
    head = f'<testsuites name="flagstone" tests="{total}" failures="{failures}" errors="{errors}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>\n"])


def _suite(service: ServiceReport) -> str:
    counts = (
        f'tests="{len(service.checks)}" failures="{len(_failing(service))}" '
        f'errors="{len(service.in_state(State.ERROR))}" '
        f'skipped="{sum(map(_is_skipped, service.checks))}"'
    )
    parts = [_case(service, check) for check in service.checks]
    waivers = [_waiver(waiver) for waiver in service.waivers]
    if waivers:
        parts.append(f"  <system-out>{_text(chr(10).join(waivers))}</system-out>")
    head = f"<testsuite name={_attribute(on_one_line(service.ref))} {counts}>"
    return "\n".join([head, *parts, "</testsuite>"])


def _failing(service: ServiceReport) -> list[CheckReport]:
    return [check for check in service.in_state(State.FAIL) if not check.is_known]


def _is_skipped(check: CheckReport) -> bool:
    return check.state in _SKIPPED or (check.state is State.FAIL and check.is_known)


def _waiver(waiver: WaiverReport) -> str:
    """Which check is waived, by whom, why and until when; or what is wrong with that."""
    place = f"{waiver.path}:{waiver.line}" if waiver.line else waiver.path
    head = f"waiver of {waiver.check} on {on_one_line(f'{waiver.object} ({place})')}"
    said = [waiver.message] if waiver.message else []
    if waiver.until is not None:
        said.insert(0, f"{waiver.reason} (until {waiver.until}, {waiver.findings} waived)")
    return f"{head}: {'; '.join(said)}"


def _case(service: ServiceReport, check: CheckReport) -> str:
    name = _attribute(f"{check.id} {check.rule.check.name}")
    head = f"<testcase classname={_attribute(on_one_line(service.name))} name={name}"
    body = _body(check)
    return f"  {head}>{body}</testcase>" if body else f"  {head}/>"


def _body(check: CheckReport) -> str:
    message = _attribute(check.summary)
    if check.state is State.FAIL and check.is_known:
        return f"<skipped message={_attribute(f'known: {check.summary}')}/>"
    if check.state is State.FAIL:
        kind = _attribute(check.severity.label)
        return f"<failure type={kind} message={message}>{_text(_details(check))}</failure>"
    if check.state is State.ERROR:
        return f'<error type="error" message={message}/>'
    if check.state in _SKIPPED:
        return f"<skipped message={_attribute(f'{check.state.value}: {check.summary}')}/>"
    if check.state is State.WARN:
        return f"<system-out>{_text(_details(check))}</system-out>"
    return ""


def _details(check: CheckReport) -> str:
    lines = [_line(finding) for finding in check.findings if not finding.known]
    return "\n".join([*lines, f"Why: {check.rule.check.why}", f"Mend: {check.rule.check.remedy}"])


def _line(finding: Finding) -> str:
    about = f" {finding.object}" if finding.object else ""
    return f"{on_one_line(finding.place_text + about)}: {finding.message}"


def _attribute(text: str) -> str:
    return quoteattr(written_out(text))


def _text(text: str) -> str:
    return escape(written_out(text))
