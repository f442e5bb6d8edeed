"""One service as text: what fails first, most severe first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flagstone.cli.formats.shared_findings import SharedFindings
from flagstone.cli.formats.style import (
    BOLD,
    CYAN,
    DIM,
    GREEN,
    LABEL_WIDTH,
    RED,
    YELLOW,
    Style,
)
from flagstone.cli.formats.text_findings import findings_text
from flagstone.core.hidden_characters import on_one_line
from flagstone.scorecards.engine.reporting.report import (
    CheckReport,
    Finding,
    ServiceReport,
    Standing,
    WaiverReport,
)
from flagstone.scorecards.engine.states import State

_INDENT = LABEL_WIDTH + 2
_NAMED = 5
_CAUSE = re.compile(r"\(([A-Z]{2}-\d{2})\)$")
_WORDS = {
    State.PASS: "pass",
    State.WARN: "warn",
    State.FAIL: "fail",
    State.NO_DATA: "no data",
    State.ERROR: "error",
    State.EXEMPT: "exempt",
    State.UPCOMING: "upcoming",
    State.NOT_APPLICABLE: "not applicable",
}
_COLOURS = {State.FAIL: RED, State.ERROR: RED, State.WARN: YELLOW}
_NOTES = {Standing.UNUSED: "unused", Standing.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class Telling:
    """How services are told of.

    Attributes:
        style: how it is laid out.
        names: what each service is called, by its ref.
        shared: the findings that several have.
        with_advice: say below each check why, and what to do; else that stands elsewhere.
    """

    style: Style
    names: Mapping[str, str]
    shared: SharedFindings
    with_advice: bool


def body_text(service: ServiceReport, telling: Telling) -> Iterator[str]:
    """Yield what is said of a service below its head."""
    style = telling.style
    shown = [check for check in service.in_state(State.FAIL, State.ERROR) if not check.is_known]
    after = _consequences(shown)
    followers = {check.id for checks in after.values() for check in checks}
    shown = [check for check in shown if check.id not in followers]
    shown.sort(key=lambda check: -check.severity.weight)
    for position, check in enumerate((*shown, *service.in_state(State.WARN))):
        if telling.with_advice or not position:
            yield ""
        yield from _check(service, check, after.get(check.id, []), telling)
    yield from _known(service, style)
    yield from _without_data(service, style, with_advice=telling.with_advice)
    yield from _accepted(service, style)
    yield ""
    counts = Counter(check.state for check in service.checks)
    said = [f"{counts[state]} {word}" for state, word in _WORDS.items() if counts[state]]
    yield from (style.paint(line, DIM) for line in style.wrap(" · ".join(said), 2))


def _consequences(failing: list[CheckReport]) -> dict[str, list[CheckReport]]:
    """By the id of a check that fails, those whose findings say no more than that it does: `no runbook (RB-01)`."""
    found: dict[str, list[CheckReport]] = {}
    causes = {check.id for check in failing}
    for check in failing:
        named = {
            match[1] if (match := _CAUSE.search(finding.message)) else ""
            for finding in check.findings
        }
        cause = named.pop() if len(named) == 1 else ""
        if cause in causes and cause != check.id:
            found.setdefault(cause, []).append(check)
    # a cause that follows from another is told by itself, or nothing would tell its own
    return {
        cause: [check for check in checks if check.id not in found]
        for cause, checks in found.items()
    }


def head_text(service: ServiceReport, telling: Telling) -> Iterator[str]:
    """Yield its name and what it comes to."""
    style = telling.style
    score = "no score" if service.score is None else f"{service.score} of 100"
    verdict = f"{score}, {service.level or 'no level'}"
    name = on_one_line(telling.names[service.ref])
    painted = style.paint(verdict, BOLD, _score_colour(service.score))
    gap = style.width - len(name) - len(verdict)
    if gap >= 2:
        yield style.paint(name, BOLD) + " " * gap + painted
    else:
        yield style.paint(name, BOLD)
        yield painted
    coverage = "nothing applies to it"
    if service.coverage is not None:
        coverage = f"{service.coverage:.0%} of the weight has data"
    told = f"{on_one_line(service.ref)} · {coverage}"
    yield from (style.paint(line, DIM) for line in style.wrap(told, 0))
    because = ""
    if service.shown_because:
        because = f"shown because {on_one_line(service.shown_because)} changed"
    elif service.verdicts_differ:
        named = on_one_line(", ".join(service.verdicts_differ))
        because = f"shown because its verdicts differ: {named}"
    if because:
        yield from (style.paint(line, DIM) for line in style.wrap(because, 0))


def _score_colour(score: int | None) -> str:
    if score is None:
        return DIM
    return GREEN if score >= 90 else YELLOW if score >= 60 else RED


def _check(
    service: ServiceReport, check: CheckReport, after: list[CheckReport], telling: Telling
) -> Iterator[str]:
    style = telling.style
    word = check.severity.label if check.state is State.FAIL else _WORDS[check.state]
    label = style.paint(f"{word:<{LABEL_WIDTH}}", BOLD, _COLOURS[check.state])
    title = style.wrap(f"{check.id}  {check.rule.check.name}", _INDENT, hanging=7)
    yield f"  {label}{style.paint(title[0].lstrip(), BOLD)}"
    yield from (style.paint(line, BOLD) for line in title[1:])
    new = [finding for finding in check.findings if not finding.known]
    if not new:
        yield from style.wrap(check.summary, _INDENT)
    yield from _findings(service, check, new, telling)
    if len(new) < len(check.findings):
        known = f"and {len(check.findings) - len(new):,} that the baseline knows"
        yield " " * _INDENT + style.paint(known, DIM)
    if after:
        told = "; ".join(
            f"{each.id} {each.rule.check.name} ({each.severity.label})" for each in after
        )
        yield from style.advice("then", f"fails with it: {told}", _INDENT)
    if telling.with_advice:
        yield from style.advice("why", check.rule.check.why, _INDENT)
        yield from style.advice("mend", check.rule.check.remedy, _INDENT)


def _findings(
    service: ServiceReport, check: CheckReport, findings: list[Finding], telling: Telling
) -> Iterator[str]:
    """Those that nobody above has in full, with whom they concern too; of the others, where they stand."""
    style = telling.style
    fresh: dict[tuple[str, ...], list[Finding]] = {}
    above: dict[str, int] = {}
    for finding in findings:
        first = telling.shared.first(service, check, finding)
        if first:
            above[first] = above.get(first, 0) + 1
        else:
            others = telling.shared.others(service, check, finding)
            fresh.setdefault(others, []).append(finding)
    for others, own in fresh.items():
        yield from findings_text(own, _INDENT, style)
        if others:
            shown, more = style.cut([telling.names[ref] for ref in others], _NAMED)
            named = on_one_line(", ".join(shown)) + (f" {more}" if more else "")
            yield from (style.paint(line, DIM) for line in style.wrap(f"also of {named}", _INDENT))
    for ref, count in above.items():
        what = "the same finding" if count == 1 else f"the same {count:,} findings"
        told = f"{what} as of {on_one_line(telling.names[ref])}, above"
        yield from (style.paint(line, DIM) for line in style.wrap(told, _INDENT))


def _known(service: ServiceReport, style: Style) -> Iterator[str]:
    known = [check for check in service.in_state(State.FAIL) if check.is_known]
    if known:
        yield ""
        yield from style.labelled("known", ", ".join(check.id for check in known))


def _without_data(service: ServiceReport, style: Style, *, with_advice: bool) -> Iterator[str]:
    """One paragraph for each thing that is missing, with the checks that miss it."""
    by_reason: dict[str, list[CheckReport]] = {}
    for check in service.in_state(State.NO_DATA):
        by_reason.setdefault(check.summary, []).append(check)
    for reason, checks in by_reason.items():
        yield ""
        yield from style.labelled("no data", _named(checks, service), BOLD, CYAN)
        yield from style.wrap(reason, LABEL_WIDTH + 4)
        if with_advice and len(checks) == 1:
            yield from style.advice("get", checks[0].rule.check.no_data, _INDENT)


def _named(checks: list[CheckReport], service: ServiceReport) -> str:
    """One check by its name, several by their ids, and all of them in a word."""
    if len(checks) == 1:
        return f"{checks[0].id}  {checks[0].rule.check.name}"
    if len(checks) == sum(check.state is not State.NOT_APPLICABLE for check in service.checks):
        return f"all {len(checks)} checks that apply"
    return ", ".join(check.id for check in checks)


def _accepted(service: ServiceReport, style: Style) -> Iterator[str]:
    """What somebody accepts, whose word that is and until when; and waivers that are worth nothing."""
    yield from waivers_text(service.waivers, style)
    for check in service.in_state(State.EXEMPT, State.UPCOMING):
        if check.state is State.UPCOMING or not check.waived:
            yield ""
            yield from style.labelled(_WORDS[check.state], f"{check.id}  {check.summary}")


def waivers_text(waivers: tuple[WaiverReport, ...], style: Style) -> Iterator[str]:
    """Yield the waivers, but for lapsed ones: their findings say it."""
    for waiver in waivers:
        place = f"{waiver.path}:{waiver.line}" if waiver.line else waiver.path
        holder = f"{on_one_line(waiver.object)}, {on_one_line(place)}"
        if waiver.standing is Standing.IN_FORCE:
            yield ""
            yield from style.labelled("waived", f"{waiver.check}  {waiver.reason}", YELLOW)
            count = f"{waiver.findings} finding{'' if waiver.findings == 1 else 's'}"
            yield from style.wrap(f"until {waiver.until}, {count}, by {holder}", _INDENT, hanging=2)
            yield from style.wrap(waiver.message, _INDENT)
        elif waiver.standing in _NOTES:
            yield ""
            label = _NOTES[waiver.standing]
            yield from style.labelled(label, f"{waiver.check}  waiver: {waiver.message}", YELLOW)
            yield from style.wrap(holder, _INDENT, hanging=2)
