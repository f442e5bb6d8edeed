"""One service as text: what fails first, most severe first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

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
    ServiceReport,
    Standing,
    WaiverReport,
)
from flagstone.scorecards.engine.states import State

_INDENT = LABEL_WIDTH + 2
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


def body_text(service: ServiceReport, style: Style, *, with_advice: bool) -> Iterator[str]:
    """Yield what is said of a service below its head.

    Args:
        service: what was found.
        style: how it is laid out.
        with_advice: say below each check why, and what to do; else that stands elsewhere.
    """
    shown = [check for check in service.in_state(State.FAIL, State.ERROR) if not check.is_known]
    shown.sort(key=lambda check: -check.severity.weight)
    for position, check in enumerate((*shown, *service.in_state(State.WARN))):
        if with_advice or not position:
            yield ""
        yield from _check(check, style, with_advice=with_advice)
    yield from _known(service, style)
    yield from _without_data(service, style, with_advice=with_advice)
    yield from _accepted(service, style)
    yield ""
    counts = Counter(check.state for check in service.checks)
    said = [f"{counts[state]} {word}" for state, word in _WORDS.items() if counts[state]]
    yield f"  {style.paint(' · '.join(said), DIM)}"


def head_text(service: ServiceReport, style: Style) -> Iterator[str]:
    """Yield its name and what it comes to."""
    score = "no score" if service.score is None else f"{service.score} of 100"
    verdict = f"{score}, {service.level or 'no level'}"
    name = on_one_line(service.name)
    gap = " " * max(2, style.width - len(name) - len(verdict))
    yield style.paint(name, BOLD) + gap + style.paint(verdict, BOLD, _score_colour(service.score))
    coverage = "nothing applies to it"
    if service.coverage is not None:
        coverage = f"{service.coverage:.0%} of the weight has data"
    yield style.paint(f"{on_one_line(service.ref)} · {coverage}", DIM)
    if service.shown_because:
        yield style.paint(f"shown because {on_one_line(service.shown_because)} changed", DIM)


def _score_colour(score: int | None) -> str:
    if score is None:
        return DIM
    return GREEN if score >= 90 else YELLOW if score >= 60 else RED


def _check(check: CheckReport, style: Style, *, with_advice: bool) -> Iterator[str]:
    word = check.severity.label if check.state is State.FAIL else _WORDS[check.state]
    label = style.paint(f"{word:<{LABEL_WIDTH}}", BOLD, _COLOURS[check.state])
    title = style.wrap(f"{check.id}  {check.rule.check.name}", _INDENT, hanging=7)
    yield f"  {label}{style.paint(title[0].lstrip(), BOLD)}"
    yield from (style.paint(line, BOLD) for line in title[1:])
    new = [finding for finding in check.findings if not finding.known]
    if not new:
        yield from style.wrap(check.summary, _INDENT)
    yield from findings_text(new, _INDENT, style)
    if len(new) < len(check.findings):
        known = f"and {len(check.findings) - len(new):,} that the baseline knows"
        yield " " * _INDENT + style.paint(known, DIM)
    if with_advice:
        yield from style.advice("why", check.rule.check.why, _INDENT)
        yield from style.advice("mend", check.rule.check.remedy, _INDENT)


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
