"""The report for people at a terminal: worst first, and at the end what it all comes to."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from flagstone.cli.formats.ordering import worst_first
from flagstone.core.hidden_characters import on_one_line, written_out
from flagstone.scorecards.engine.report import CheckReport, Finding, Report, ServiceReport
from flagstone.scorecards.engine.states import Severity, State

_BOLD, _DIM, _RED, _YELLOW, _GREEN, _CYAN = "1", "2", "31", "33", "32", "36"
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
_COLOURS = {
    State.FAIL: _RED,
    State.ERROR: _RED,
    State.WARN: _YELLOW,
    State.NO_DATA: _CYAN,
    State.PASS: _GREEN,
}
_IN_DETAIL = (State.FAIL, State.ERROR, State.WARN)
_IN_A_LINE = (State.EXEMPT, State.UPCOMING)
_LABEL_WIDTH = 10
_NO_SERVICE = (
    "none was found: there is no catalog-info.yaml with a Component, and no workload, route, alert "
    "rule or Argo CD Application"
)


@dataclass(frozen=True, slots=True)
class Style:
    """How wide, and whether in colour."""

    width: int = 100
    colour: bool = False

    def paint(self, text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.colour and codes else text

    def wrap(self, text: str, indent: int, hanging: int = 0) -> list[str]:
        """Lines of at most the width; `hanging` spaces more from the second line on."""
        return textwrap.wrap(
            written_out(text),
            self.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hanging),
            break_long_words=False,
            break_on_hyphens=False,
        )


def render(report: Report, style: Style) -> str:
    return "\n".join(_lines(report, style)) + "\n"


def _lines(report: Report, style: Style) -> Iterator[str]:
    for service in worst_first(report.services):
        yield from _service(service, style)
        yield ""
    yield from _summary(report, style)


def _service(service: ServiceReport, style: Style) -> Iterator[str]:
    score = "no score" if service.score is None else f"{service.score} of 100"
    verdict = f"{score}, {service.level or 'no level'}"
    name = on_one_line(service.name)
    gap = " " * max(2, style.width - len(name) - len(verdict))
    yield (
        style.paint(name, _BOLD) + gap + style.paint(verdict, _BOLD, _score_colour(service.score))
    )
    coverage = "nothing applies to it"
    if service.coverage is not None:
        coverage = f"{service.coverage:.0%} of the weight has data"
    yield style.paint(f"{on_one_line(service.ref)} · {coverage}", _DIM)
    checks = sorted(service.in_state(*_IN_DETAIL), key=_urgency)
    for check in checks:
        yield ""
        yield from _check(check, style)
    yield from _without_data(service, style)
    for check in service.in_state(*_IN_A_LINE):
        yield ""
        yield from _labelled(_WORDS[check.state], f"{check.id}  {check.summary}", style)
    yield ""
    counts = Counter(check.state for check in service.checks)
    said = [f"{counts[state]} {word}" for state, word in _WORDS.items() if counts[state]]
    yield f"  {style.paint(' · '.join(said), _DIM)}"


def _urgency(check: CheckReport) -> tuple[bool, int]:
    return check.state is State.WARN, -check.severity.weight


def _score_colour(score: int | None) -> str:
    if score is None:
        return _DIM
    return _GREEN if score >= 90 else _YELLOW if score >= 60 else _RED


def _check(check: CheckReport, style: Style) -> Iterator[str]:
    word = check.severity.label if check.state is State.FAIL else _WORDS[check.state]
    label = style.paint(f"{word:<{_LABEL_WIDTH}}", _BOLD, _COLOURS[check.state])
    indent = _LABEL_WIDTH + 2
    title = style.wrap(f"{check.id}  {check.rule.check.name}", indent, hanging=7)
    yield f"  {label}{style.paint(title[0].lstrip(), _BOLD)}"
    yield from (style.paint(line, _BOLD) for line in title[1:])
    if not check.findings:
        yield from style.wrap(check.summary, indent)
    for place, findings in groupby(check.findings, key=_place):
        yield from _findings(place, list(findings), indent, style)
    yield from _advice("why", check.rule.check.why, indent, style)
    yield from _advice("mend", check.rule.check.remedy, indent, style)


def _place(finding: Finding) -> tuple[str, str]:
    """Where it is, and what it is about."""
    where = f"{finding.path}:{finding.line}" if finding.line else finding.path
    about = finding.object
    if finding.container:
        about += f", container {finding.container}"
    return where, about


def _findings(
    place: tuple[str, str], findings: list[Finding], indent: int, style: Style
) -> Iterator[str]:
    where, about = map(on_one_line, place)
    lines = [style.paint(where, _CYAN)]
    if about and indent + len(where) + 2 + len(about) <= style.width:
        lines[0] += f"  {style.paint(about, _DIM)}"
    elif about:
        lines.append(style.paint(about, _DIM))
    yield from (" " * indent + line for line in lines)
    for finding in findings:
        yield from style.wrap(_without_name(finding), indent + 2)


def _without_name(finding: Finding) -> str:
    """The message without the object's name, which stands above it."""
    parts = finding.object.split("/")
    return finding.message.removeprefix(f"{parts[0]}/{parts[-1]}: ")


def _advice(word: str, text: str, indent: int, style: Style) -> Iterator[str]:
    lines = style.wrap(f"{word:<6}{text}", indent, hanging=6)
    head = " " * indent + word
    yield style.paint(head, _DIM) + lines[0][len(head) :]
    yield from lines[1:]


def _labelled(word: str, text: str, style: Style) -> Iterator[str]:
    lines = style.wrap(text, _LABEL_WIDTH + 2)
    label = f"  {word:<{_LABEL_WIDTH}}"
    yield style.paint(label, _DIM) + lines[0][len(label) :]
    yield from lines[1:]


def _without_data(service: ServiceReport, style: Style) -> Iterator[str]:
    """One paragraph for each thing that is missing, with the checks that miss it."""
    by_reason: dict[str, list[CheckReport]] = {}
    for check in service.in_state(State.NO_DATA):
        by_reason.setdefault(check.summary, []).append(check)
    for reason, checks in by_reason.items():
        yield ""
        lines = style.wrap(_named(checks, service), _LABEL_WIDTH + 2)
        label = f"  {'no data':<{_LABEL_WIDTH}}"
        yield style.paint(label, _BOLD, _COLOURS[State.NO_DATA]) + lines[0][len(label) :]
        yield from lines[1:]
        yield from style.wrap(reason, _LABEL_WIDTH + 4)
        if len(checks) == 1:
            yield from _advice("get", checks[0].rule.check.no_data, _LABEL_WIDTH + 2, style)


def _named(checks: list[CheckReport], service: ServiceReport) -> str:
    """One check by its name, several by their ids, and all of them in a word."""
    if len(checks) == 1:
        return f"{checks[0].id}  {checks[0].rule.check.name}"
    if len(checks) == sum(check.state is not State.NOT_APPLICABLE for check in service.checks):
        return f"all {len(checks)} checks that apply"
    return ", ".join(check.id for check in checks)


def _summary(report: Report, style: Style) -> Iterator[str]:
    yield style.paint(f"Summary: {on_one_line(report.scorecard.title)}", _BOLD)
    for word, text in _facts(report):
        yield from _fact(word, text, style)
    if report.skipped:
        yield from _fact(
            "not read", f"{len(report.skipped)} of them, so nothing in them counts:", style
        )
        for skipped in report.skipped:
            yield f"    {style.paint(on_one_line(skipped.path), _CYAN)}"
            yield from style.wrap(skipped.reason, 6)


def _fact(word: str, text: str, style: Style) -> Iterator[str]:
    lines = style.wrap(f"{word:<12}{text}", 2, hanging=12)
    yield "  " + style.paint(word, _DIM) + lines[0][2 + len(word) :]
    yield from lines[1:]


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    services = report.services
    yield "read", f"{report.files:,} files, {report.documents:,} documents"
    if not services:
        yield "services", _NO_SERVICE
        return
    levels = Counter(service.level for service in services)
    names = [level.name for level in reversed(report.scorecard.levels)]
    spread = [f"{levels[name]} {name}" for name in names if levels[name]]
    if levels[None]:
        spread.append(f"{levels[None]} without a level")
    yield "services", f"{len(services):,}: {', '.join(spread)}"
    scores = sorted(service.score for service in services if service.score is not None)
    if scores:
        middle = scores[len(scores) // 2]
        yield "score", f"lowest {scores[0]}, median {middle}, highest {scores[-1]}"
    failing = [check for service in services for check in service.in_state(State.FAIL)]
    by_severity = Counter(check.severity for check in failing)
    said = [f"{by_severity[s]:,} {s.label}" for s in Severity if by_severity[s]]
    yield "failing", ", ".join(said) or "nothing"
    often = Counter(check.id for check in failing).most_common(5)
    if len(services) > 1 and often:
        yield "most often", ", ".join(f"{check_id} in {count:,}" for check_id, count in often)
    missing = sum(len(service.in_state(State.NO_DATA)) for service in services)
    if missing:
        yield "no data", f"{_count(missing)} could not be decided"
    broken = sum(len(service.in_state(State.ERROR)) for service in services)
    if broken:
        yield "broken", f"{_count(broken)} broke: tell the platform team"


def _count(checks: int) -> str:
    return f"{checks:,} check{'' if checks == 1 else 's'}"
