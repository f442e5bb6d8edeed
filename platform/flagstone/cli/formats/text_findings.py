"""The findings of one check as text: equal ones of many places folded into one paragraph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from flagstone.cli.formats.style import CYAN, DIM, Style
from flagstone.core.hidden_characters import on_one_line
from flagstone.scorecards.engine.reporting.report import Finding

_PLACES = 5

_Place = tuple[str, str]


def findings_text(findings: Iterable[Finding], indent: int, style: Style) -> Iterator[str]:
    """Yield the lines: places with what is wrong there, each set of faults once."""
    folded: dict[tuple[str, ...], list[tuple[_Place, list[Finding]]]] = {}
    for place, here in groupby(findings, key=_place):
        group = list(here)
        kind = tuple(_kind(finding) for finding in group)
        folded.setdefault(kind, []).append((place, group))
    for kinds, places in folded.items():
        for place, _ in places[:_PLACES]:
            yield from _where(place, indent, style)
        if len(places) > _PLACES:
            more = f"and {len(places) - _PLACES:,} more places (--format json has them all)"
            yield " " * indent + style.paint(more, DIM)
        alone = [_without_name(finding) for finding in places[0][1]]
        for message in dict.fromkeys(alone if len(places) == 1 else kinds):
            yield from style.wrap(message, indent + 2)


def _place(finding: Finding) -> _Place:
    """Where it is, and what it is about."""
    where = f"{finding.path}:{finding.line}" if finding.line else finding.path
    about = finding.object
    if finding.container:
        about += f", container {finding.container}"
    return where, about


def _where(place: _Place, indent: int, style: Style) -> Iterator[str]:
    where, about = map(on_one_line, place)
    lines = [style.paint(where, CYAN)]
    if about and indent + len(where) + 2 + len(about) <= style.width:
        lines[0] += f"  {style.paint(about, DIM)}"
    elif about:
        lines.append(style.paint(about, DIM))
    yield from (" " * indent + line for line in lines)


def _without_name(finding: Finding) -> str:
    """The message without the object's name, which stands above it."""
    parts = finding.object.split("/")
    return finding.message.removeprefix(f"{parts[0]}/{parts[-1]}: ")


def _kind(finding: Finding) -> str:
    """The message without what differs from place to place: the names that stand above it."""
    message = _without_name(finding)
    if finding.container:
        message = message.replace(f"container {finding.container} ", "the container ", 1)
    parts = finding.object.split("/")
    if len(parts) > 1:
        message = message.replace(finding.object, "it", 1)
        message = message.replace(f"{parts[0]}/{parts[-1]}", "it", 1)
    return message
