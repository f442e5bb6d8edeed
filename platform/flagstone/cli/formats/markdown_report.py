"""The report as Markdown, for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flagstone.cli.formats.naming import labels
from flagstone.cli.formats.ordering import worst_first
from flagstone.core.hidden_characters import on_one_line
from flagstone.scorecards.engine.reporting.report import CheckReport, Finding, Report, ServiceReport
from flagstone.scorecards.engine.states import State

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#&~$])")
_CODE = re.compile(r"(?<![`\\])`([^`\s](?:[^`]*[^`\s])?)`(?!`)")
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_SHOWN = (State.FAIL, State.ERROR, State.WARN, State.NO_DATA)


def render(report: Report) -> str:
    names = labels(report.services)
    lines = [f"# {_plain(report.scorecard.title)}", "", *_table(report, names)]
    for service in worst_first(report.services):
        if service.in_state(*_SHOWN):
            lines += ["", *_service(service, names)]
    lines += _waivers(report)
    if report.skipped:
        lines += ["", f"<details><summary>{len(report.skipped)} not read</summary>", ""]
        lines += [f"- {_code(s.path)}: {_plain(s.reason)}" for s in report.skipped]
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def _table(report: Report, names: Mapping[str, str]) -> Iterator[str]:
    if report.scope is not None:
        left_out = f"{report.scope.left_out:,} more are not touched by it"
        yield f"What has to do with the change since {_code(report.scope.revision)}; {left_out}."
        yield ""
        if report.scope.gone:
            yield f"Gone since then: {', '.join(map(_code, report.scope.gone))}."
            yield ""
    if report.baseline is not None:
        gone = len(report.baseline.gone)
        yield (
            f"Held against a baseline: {report.baseline.new:,} new, {report.baseline.known:,} known, "
            f"{gone:,} mended{' (write it again with --write-baseline)' if gone else ''}."
        )
        yield ""
    if not report.services:
        yield "No service was found." if report.scope is None else "No service is touched."
        return
    yield "| service | score | level | failing | no data |"
    yield "| --- | ---: | --- | --- | ---: |"
    for service in worst_first(report.services):
        failing = " ".join(check.id for check in _worst_first(service, State.FAIL))
        score = "none" if service.score is None else service.score
        missing = len(service.in_state(State.NO_DATA))
        yield (
            f"| {_plain(names[service.ref])} | {score} | {service.level or 'none'} "
            f"| {failing or 'none'} | {missing} |"
        )


def _worst_first(service: ServiceReport, *states: State) -> list[CheckReport]:
    """The checks in these states, without failures that a baseline knows."""
    found = [c for c in service.in_state(*states) if c.state is not State.FAIL or not c.is_known]
    return sorted(found, key=lambda check: -check.severity.weight)


def _service(service: ServiceReport, names: Mapping[str, str]) -> Iterator[str]:
    score = "no score" if service.score is None else f"{service.score}/100"
    yield f"## {_plain(names[service.ref])}: {score}, {service.level or 'no level'}"
    if service.shown_because:
        yield ""
        yield f"Shown because {_code(service.shown_because)} changed."
    elif service.verdicts_differ:
        yield ""
        yield f"Shown because its verdicts differ: {_plain(', '.join(service.verdicts_differ))}."
    for check in _worst_first(service, State.FAIL, State.ERROR, State.WARN):
        word = {State.FAIL: check.severity.label, State.ERROR: "broken check"}.get(
            check.state, "warning"
        )
        yield ""
        yield f"**{check.id} {_plain(check.rule.check.name)}** ({word})"
        yield ""
        findings = [_finding(finding) for finding in check.findings if not finding.known]
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


def _waivers(report: Report) -> Iterator[str]:
    """Every waiver: which check, whose word, why and until when, or what is wrong with it."""
    found = [waiver for service in report.services for waiver in service.waivers]
    waivers = list(dict.fromkeys((*found, *report.waivers)))
    if not waivers:
        return
    yield ""
    yield f"## Waived ({len(waivers):,})"
    yield ""
    yield "| check | by | until | findings | why |"
    yield "| --- | --- | --- | ---: | --- |"
    for waiver in sorted(waivers, key=lambda waiver: (waiver.check, waiver.object, waiver.path)):
        place = f"{waiver.path}:{waiver.line}" if waiver.line else waiver.path
        why = " ".join(_plain(text) for text in (waiver.reason, waiver.message) if text)
        yield (
            f"| {_plain(waiver.check)} | {_plain(waiver.object)} {_cell(place)} "
            f"| {waiver.until or waiver.standing.value} | {waiver.findings} | {why} |"
        )


def _finding(finding: Finding) -> str:
    about = f" {_plain(finding.object)}" if finding.object else ""
    return f"- {_code(finding.place_text)}{about}: {_plain(finding.message)}"


def _cell(text: str) -> str:
    """Code in a table: a bar would end its cell."""
    return _code(text).replace("|", "\\|")


def _plain(text: str) -> str:
    """Text that means itself: what stands in a manifest must not become markup, nor call people by their names.

    What stands between two backticks is code, in which nothing means anything.
    """
    told = on_one_line(" ".join(text.split()))
    parts = _CODE.split(told)
    return "".join(_cell(part) if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(text: str) -> str:
    return _MENTION.sub("@<!-- -->", _SPECIAL.sub(r"\\\1", text))


def _code(text: str) -> str:
    """Code, fenced by more backticks than stand in it."""
    told = on_one_line(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", told)), default=0) + 1)
    edge = " " if told.startswith("`") or told.endswith("`") else ""
    return f"{fence}{edge}{told}{edge}{fence}"
