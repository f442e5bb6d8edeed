"""The report as Markdown, for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flagstone.cli.formats.ordering import worst_first
from flagstone.core.hidden_characters import on_one_line
from flagstone.scorecards.engine.report import CheckReport, Finding, Report, ServiceReport
from flagstone.scorecards.engine.states import State

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#&~$])")
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_SHOWN = (State.FAIL, State.ERROR, State.WARN, State.NO_DATA)


def render(report: Report) -> str:
    lines = [f"# {_plain(report.scorecard.title)}", "", *_table(report)]
    for service in worst_first(report.services):
        if service.in_state(*_SHOWN):
            lines += ["", *_service(service)]
    if report.skipped:
        lines += ["", f"<details><summary>{len(report.skipped)} not read</summary>", ""]
        lines += [f"- {_code(s.path)}: {_plain(s.reason)}" for s in report.skipped]
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def _table(report: Report) -> Iterator[str]:
    if not report.services:
        yield "No service was found."
        return
    yield "| service | score | level | failing | no data |"
    yield "| --- | ---: | --- | --- | ---: |"
    for service in worst_first(report.services):
        failing = " ".join(check.id for check in worst_first_checks(service, State.FAIL))
        score = "none" if service.score is None else service.score
        missing = len(service.in_state(State.NO_DATA))
        yield (
            f"| {_plain(service.name)} | {score} | {service.level or 'none'} "
            f"| {failing or 'none'} | {missing} |"
        )


def worst_first_checks(service: ServiceReport, *states: State) -> list[CheckReport]:
    return sorted(service.in_state(*states), key=lambda check: -check.severity.weight)


def _service(service: ServiceReport) -> Iterator[str]:
    score = "no score" if service.score is None else f"{service.score}/100"
    yield f"## {_plain(service.name)}: {score}, {service.level or 'no level'}"
    for check in worst_first_checks(service, State.FAIL, State.ERROR, State.WARN):
        word = {State.FAIL: check.severity.label, State.ERROR: "broken check"}.get(
            check.state, "warning"
        )
        yield ""
        yield f"**{check.id} {_plain(check.rule.check.name)}** ({word})"
        yield ""
        findings = [_finding(finding) for finding in check.findings]
        yield from findings or [f"- {_plain(check.summary)}"]
        yield f"- *Why:* {_plain(check.rule.check.why)}"
        yield f"- *Mend:* {_plain(check.rule.check.remedy)}"
    missing = service.in_state(State.NO_DATA)
    if missing:
        yield ""
        yield f"<details><summary>{len(missing)} without data</summary>"
        yield ""
        yield from (f"- {check.id}: {_plain(check.summary)}" for check in missing)
        yield ""
        yield "</details>"


def _finding(finding: Finding) -> str:
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    about = f" {_plain(finding.object)}" if finding.object else ""
    return f"- {_code(place)}{about}: {_plain(finding.message)}"


def _plain(text: str) -> str:
    """Text that means itself: what stands in a manifest must not become markup, nor call people by their names."""
    plain = _SPECIAL.sub(r"\\\1", on_one_line(" ".join(text.split())))
    return _MENTION.sub("@<!-- -->", plain)


def _code(text: str) -> str:
    return f"`{on_one_line(text).replace('`', ' ')}`"
