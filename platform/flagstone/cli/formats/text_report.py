"""The report for people at a terminal: worst first, and at the end what it all comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from flagstone.cli.formats.naming import labels
from flagstone.cli.formats.ordering import worst_first
from flagstone.cli.formats.shared_findings import SharedFindings
from flagstone.cli.formats.style import BOLD, CYAN, DIM, GREEN, LABEL_WIDTH, RED, YELLOW, Style
from flagstone.cli.formats.text_service import Telling, body_text, head_text, waivers_text
from flagstone.core.hidden_characters import on_one_line
from flagstone.scorecards.engine.registry import Check
from flagstone.scorecards.engine.reporting.report import (
    CheckReport,
    Comparison,
    Report,
    Scope,
    ServiceReport,
    Standing,
    WaiverReport,
)
from flagstone.scorecards.engine.states import Severity, State

_HEADS, _UNREAD, _GROUPS = 10, 10, 100
_Said = tuple[tuple[tuple[object, ...], ...], tuple[WaiverReport, ...]]
_INDENT = LABEL_WIDTH + 2
_NO_SERVICE = (
    "none was found: there is no catalog-info.yaml with a Component, and no workload, route, alert "
    "rule or Argo CD Application"
)


def render(report: Report, style: Style) -> str:
    return "\n".join(_lines(report, style)) + "\n"


def _lines(report: Report, style: Style) -> Iterator[str]:
    many = len(report.services) > 1
    folded: dict[_Said, list[ServiceReport]] = {}
    for service in worst_first(report.services):
        folded.setdefault(_said_of(service), []).append(service)
    names = labels(report.services)
    shared = SharedFindings(folded.values()) if many else SharedFindings()
    telling = Telling(style, names, shared, with_advice=not many)
    groups, rest = style.cut(list(folded.values()), _GROUPS)
    for services in groups:
        heads, more = style.cut(services, _HEADS)
        for service in heads:
            yield from head_text(service, telling)
        if more:
            yield style.paint(f"{more} (the same is said of them)", DIM)
        yield from body_text(services[0], telling)
        yield ""
    if rest:
        yield style.paint(f"{rest} (services of which nothing worse is said)", DIM)
        yield ""
    if many:
        yield from _advice(report, style)
    if report.waivers:
        yield style.paint("Waivers on objects of no service", BOLD)
        yield from waivers_text(report.waivers, style)
        yield ""
    yield from _summary(report, style)


def _said_of(service: ServiceReport) -> _Said:
    """All that stands below the head of a service."""
    told = (State.NOT_APPLICABLE, State.PASS)
    checks = tuple(
        (check.id, check.state)
        if check.state in told
        else (check.id, check.state, check.severity, check.summary, check.findings, check.waived)
        for check in service.checks
    )
    return checks, service.waivers


def _advice(report: Report, style: Style) -> Iterator[str]:
    """Why and how to mend, once for all services that have it to do."""
    found = _by_check(report, State.FAIL, State.WARN)
    if found:
        yield style.paint("How to mend it", BOLD)
    for check, count in found:
        yield ""
        title = f"{check.id}  {check.name} ({_number(count, 'service')})"
        yield from style.labelled(check.severity.label, title, BOLD)
        yield from style.advice("why", check.why, _INDENT)
        yield from style.advice("mend", check.remedy, _INDENT)
    if found:
        yield ""
    missing = _by_check(report, State.NO_DATA)
    if missing:
        yield style.paint("How to get the data", BOLD)
    for check, count in missing:
        yield ""
        title = f"{check.id}  {check.name} ({_number(count, 'service')})"
        yield from style.labelled("no data", title, BOLD, CYAN)
        yield from style.advice("get", check.no_data, _INDENT)
    if missing:
        yield ""


def _by_check(report: Report, *states: State) -> list[tuple[Check, int]]:
    """The checks in these states with the number of services, the gravest and most frequent first."""
    counts: Counter[str] = Counter()
    checks: dict[str, Check] = {}
    for service in report.services:
        reasons = Counter(check.summary for check in service.in_state(State.NO_DATA))
        for check in service.in_state(*states):
            # what many checks miss for one reason is no matter of any of them
            if reasons[check.summary] <= 1 and not (check.state is State.FAIL and check.is_known):
                checks[check.id] = check.rule.check
                counts[check.id] += 1
    return sorted(
        ((checks[name], count) for name, count in counts.items()),
        key=lambda each: (-each[0].severity.weight, -each[1], each[0].id),
    )


def _summary(report: Report, style: Style) -> Iterator[str]:
    yield style.paint(f"Summary: {on_one_line(report.scorecard.title)}", BOLD)
    if report.skipped:
        count = len(report.skipped)
        them = "it" if count == 1 else "them"
        unread = f"{_number(count, 'file')}, so nothing in {them} counts:"
        yield from _fact("not read", unread, style)
        by_reason: dict[str, list[str]] = {}
        for skipped in report.skipped:
            by_reason.setdefault(skipped.reason, []).append(skipped.path)
        for reason, paths in by_reason.items():
            shown, more = style.cut(paths, _UNREAD)
            yield from (f"    {style.paint(on_one_line(path), CYAN)}" for path in shown)
            if more:
                yield f"    {style.paint(more, DIM)}"
            yield from style.wrap(reason, 6)
    for word, text in _facts(report, style):
        yield from _fact(word, text, style)
    yield from _verdict(report, style)


def _fact(word: str, text: str, style: Style) -> Iterator[str]:
    lines = style.wrap(f"{word:<12}{text}", 2, hanging=12)
    yield "  " + style.paint(word, DIM) + lines[0][2 + len(word) :]
    yield from lines[1:]


def _facts(report: Report, style: Style) -> Iterator[tuple[str, str]]:
    services = report.services
    yield "read", f"{_number(report.files, 'file')}, {_number(report.documents, 'document')}"
    if report.scope is not None:
        yield "changed", _scope(report.scope, len(services))
        if gone := report.scope.gone:
            shown, more = style.cut(gone, _HEADS)
            named = ", ".join(map(on_one_line, shown)) + (f" {more}" if more else "")
            yield "gone", f"{_number(len(gone), 'service')}: {named}"
    if services:
        yield "services", _levels(report)
        scores = sorted(service.score for service in services if service.score is not None)
        if len(scores) > 1:
            middle = scores[len(scores) // 2]
            yield "score", f"lowest {scores[0]}, median {middle}, highest {scores[-1]}"
        often = Counter(check.id for check in _failing(report)).most_common(5)
        if len(services) > 1 and often:
            yield "most often", ", ".join(f"{check_id} in {count:,}" for check_id, count in often)
    elif report.scope is None:
        yield "services", _NO_SERVICE
    missing = sum(len(service.in_state(State.NO_DATA)) for service in services)
    if missing:
        yield "no data", f"{_number(missing, 'check')} could not be decided"
    broken = sum(len(service.in_state(State.ERROR)) for service in services)
    if broken:
        yield "broken", f"{_number(broken, 'check')} broke: tell the platform team"
    yield from _waivers(report)
    if report.baseline is not None:
        yield "baseline", _baseline(report.baseline)


def _scope(scope: Scope, shown: int) -> str:
    files = _number(scope.files, "file")
    if not shown:
        return f"{files}: nothing since {scope.revision} touches a service that is there"
    return (
        f"{files} since {scope.revision}: {shown:,} of {shown + scope.left_out:,} services have "
        "to do with them, and only these are shown"
    )


def _levels(report: Report) -> str:
    levels = Counter(service.level for service in report.services)
    names = [level.name for level in reversed(report.scorecard.levels)]
    spread = [f"{levels[name]} {name}" for name in names if levels[name]]
    if levels[None]:
        spread.append(f"{levels[None]} without a level")
    return f"{len(report.services):,}: {', '.join(spread)}"


def _waivers(report: Report) -> Iterator[tuple[str, str]]:
    waivers = {waiver for service in report.services for waiver in service.waivers} | set(
        report.waivers
    )
    counts = Counter(waiver.standing for waiver in waivers)
    words = {
        Standing.IN_FORCE: "in force",
        Standing.LAPSED: "lapsed, which fails",
        Standing.UNUSED: "not needed",
        Standing.UNKNOWN: "of checks that are not asked",
    }
    said = [f"{counts[standing]} {word}" for standing, word in words.items() if counts[standing]]
    if said:
        yield "waivers", ", ".join(said)


def _baseline(baseline: Comparison) -> str:
    said = [f"{baseline.known:,} known", f"{baseline.new:,} new"]
    if baseline.undecided:
        said.append(f"{baseline.undecided:,} that cannot be decided now")
    text = ", ".join(said)
    if baseline.gone:
        count = len(baseline.gone)
        mended = f"{count:,} of the baseline {'is' if count == 1 else 'are'} mended"
        text += f"; {mended}: write it again with --write-baseline"
    return text


def _failing(report: Report) -> list[CheckReport]:
    found = (check for service in report.services for check in service.in_state(State.FAIL))
    return [check for check in found if not check.is_known]


def _verdict(report: Report, style: Style) -> Iterator[str]:
    """The last line, which is read first."""
    services = report.services
    if not services:
        return
    failing = [service for service in services if _fails(service)]
    new = "new " if report.baseline is not None else ""
    what = on_one_line(services[0].name) if len(services) == 1 else f"{len(services):,} services"
    yield ""
    if not failing:
        nothing = f"{what}: nothing {new}fails"
        undecided = any(service.in_state(State.NO_DATA, State.ERROR) for service in services)
        if undecided:
            nothing += ", but not all could be decided"
        yield style.paint(nothing, BOLD, YELLOW if undecided else GREEN)
        return
    by_severity = Counter(check.severity for check in _failing(report))
    counts = ", ".join(f"{by_severity[s]:,} {s.label}" for s in Severity if by_severity[s])
    if len(services) > 1:
        what = f"{len(failing):,} of {what}"
    verb = "fails" if len(failing) == 1 else "fail"
    failures = f"{new}failure{'' if sum(by_severity.values()) == 1 else 's'}"
    yield from (
        style.paint(line, BOLD, RED)
        for line in style.wrap(f"{what} {verb}: {counts} {failures}", 0)
    )


def _fails(service: ServiceReport) -> bool:
    return any(not check.is_known for check in service.in_state(State.FAIL))


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
