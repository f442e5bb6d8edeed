"""The findings of one check as text: equal ones of many places folded into one paragraph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from flagstone.cli.formats.style import CYAN, DIM, Style
from flagstone.core.hidden_characters import on_one_line
from flagstone.scorecards.engine.reporting.report import Finding

_PLACES, _MESSAGES, _PARAGRAPHS = 5, 8, 8

_Place = tuple[str, str]


def findings_text(findings: Iterable[Finding], indent: int, style: Style) -> Iterator[str]:
    """Yield the lines: places with what is wrong there, each set of faults once."""
    folded: dict[tuple[str, ...], list[tuple[_Place, list[Finding]]]] = {}
    for place, here in groupby(findings, key=_place):
        group = list(here)
        kind = tuple(_kind(finding) for finding in group)
        folded.setdefault(kind, []).append((place, group))
    paragraphs, rest = style.cut(list(folded.items()), _PARAGRAPHS)
    for kinds, places in paragraphs:
        yield from _places([place for place, _ in places], indent, style)
        alone = [_without_name(finding) for finding in places[0][1]]
        messages = list(dict.fromkeys(alone if len(places) == 1 else kinds))
        shown, more = style.cut(messages, _MESSAGES)
        for message in shown:
            yield from style.wrap(message, indent + 2)
        if more:
            yield " " * (indent + 2) + style.paint(more, DIM)
    if rest:
        yield " " * indent + style.paint(rest, DIM)


def _places(places: list[_Place], indent: int, style: Style) -> Iterator[str]:
    shown, more = style.cut(places, _PLACES)
    for place in shown:
        yield from _where(place, indent, style)
    if more:
        yield " " * indent + style.paint(more, DIM)


def _place(finding: Finding) -> _Place:
    """Where it is, and what it is about."""
    about = finding.object
    if finding.container:
        about += f", container {finding.container}"
    return finding.place_text, about


def _where(place: _Place, indent: int, style: Style) -> Iterator[str]:
    where, about = map(on_one_line, place)
    beside = f"{style.paint(where, CYAN)}  {style.paint(about, DIM)}"
    if about and indent + len(where) + 2 + len(about) <= style.width:
        yield " " * indent + beside
        return
    yield " " * indent + style.paint(where, CYAN)
    yield from (style.paint(line, DIM) for line in style.wrap(about, indent))


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
