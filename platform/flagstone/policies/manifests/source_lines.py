"""Where a value stands in the file it was read from.

Only findings need lines, so the text is parsed again when one is asked for, never while reading.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

Keys = tuple[str | int, ...]

_VALUES = frozenset({ScalarEvent, AliasEvent, MappingStartEvent, SequenceStartEvent})
_ENDS = frozenset({MappingEndEvent, SequenceEndEvent})
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML counts as one
_MARKER = re.compile(r"^---(?=\s|$)", re.MULTILINE)


class SourceText:
    """The text of one file, fetched again on demand; a copy in another process has to be told anew how."""

    __slots__ = ("_fetch",)

    def __init__(self, fetch: Callable[[], str | None]) -> None:
        self._fetch = fetch

    def __reduce__(self) -> tuple[type[SourceText], tuple[Callable[[], None]]]:
        return SourceText, (_unknown,)

    def fetched_by(self, fetch: Callable[[], str | None]) -> None:
        self._fetch = fetch

    def line(self, first_line: int, keys: Keys) -> int | None:
        """Return the 1-based line of a key path in the document that starts at `first_line`.

        `first_line` counts from 0. A path that does not exist yields its nearest ancestor's line.
        """
        root = _spots(self, first_line)
        if root is None:
            return None
        return first_line + _line_of(root, keys) + 1

    def scalar(self, first_line: int, keys: Keys) -> str | None:
        """The text of a plain scalar as it is written; None if there is no such thing at the path."""
        spot = _spots(self, first_line)
        for key in keys:
            step = None if spot is None else spot.inner.get(key)
            spot = None if step is None else step[1]
        return spot.text if spot is not None and spot.plain else None

    def fetch(self) -> str | None:
        return self._fetch()


def _unknown() -> None:
    """The text of a file that nobody named yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A document of a file, and the way from its root to the object (`items`, 3 inside a List)."""

    text: SourceText
    first_line: int
    prefix: Keys = ()

    def line(self, keys: Keys) -> int | None:
        return self.text.line(self.first_line, self.prefix + keys)

    def scalar(self, keys: Keys) -> str | None:
        return self.text.scalar(self.first_line, self.prefix + keys)


@dataclass(slots=True, eq=False)
class _Spot:
    """Where one value stands; `inner` has the line and the spot of each of its items."""

    line: int
    text: str | None  # of a scalar
    plain: bool  # a scalar without quotes
    is_mapping: bool
    inner: dict[str | int, tuple[int, _Spot]]


@lru_cache(
    maxsize=64
)  # findings come service by service; more would keep the spots of every file alive
def _spots(source: SourceText, first_line: int) -> _Spot | None:
    text = _document(source, first_line)
    if text is None:
        return None
    parser = yaml.CBaseLoader(text)
    try:
        return _first_document(parser.get_event)
    except yaml.YAMLError:
        return None
    finally:
        parser.dispose()


def _document(source: SourceText, first_line: int) -> str | None:
    """The one document that starts on a line: a file of ten thousand is not parsed to its end for each."""
    lines = _lines(source)
    if lines is None or first_line >= len(lines.starts):
        return None
    start = lines.starts[first_line]
    # its own marker may stand behind directives
    own = _MARKER.search(lines.text, start) if lines.text.startswith(("---", "%"), start) else None
    following = _MARKER.search(lines.text, own.end() if own else start)
    return lines.text[start : following.start() if following else None]


@dataclass(frozen=True, slots=True)
class _Lines:
    text: str
    starts: array[int]


@lru_cache(maxsize=2)  # what is asked next is of the same file mostly; a text may have 5 MB
def _lines(source: SourceText) -> _Lines | None:
    text = source.fetch()
    if text is None:
        return None
    starts = array("q", [0])
    starts.extend(found.end() for found in _LINE_BREAK.finditer(text))
    return _Lines(text, starts)


def _first_document(next_event: Callable[[], Any]) -> _Spot | None:
    """The spots of a stream's first document; composing its nodes would take several times as long."""
    top = holder = _Spot(0, None, plain=False, is_mapping=False, inner={})
    key: _Spot | None = None
    outer: list[tuple[_Spot, _Spot | None]] = []
    anchors: dict[str, _Spot] = {}
    while (event := next_event()).__class__ is not DocumentEndEvent:
        kind = event.__class__
        if kind in _ENDS:
            holder, key = outer.pop()
        elif kind in _VALUES:
            spot = _spot(event, anchors)
            key = _put(holder, key, spot)
            if kind is not ScalarEvent and kind is not AliasEvent:
                outer.append((holder, key))
                holder, key = spot, None
        elif kind is StreamEndEvent:
            return None
    return top.inner[0][1]


def _spot(event: Any, anchors: dict[str, _Spot]) -> _Spot:
    kind = event.__class__
    line = event.start_mark.line
    if kind is AliasEvent:
        return anchors.get(event.anchor) or _Spot(
            line, None, plain=False, is_mapping=False, inner={}
        )
    is_scalar = kind is ScalarEvent
    spot = _Spot(
        line,
        event.value if is_scalar else None,
        plain=is_scalar and not event.style,
        is_mapping=kind is MappingStartEvent,
        inner={},
    )
    if event.anchor:
        anchors[event.anchor] = spot
    return spot


def _put(holder: _Spot, key: _Spot | None, spot: _Spot) -> _Spot | None:
    """Take a value into its list or mapping; the key that then waits for its value."""
    if not holder.is_mapping:
        holder.inner[len(holder.inner)] = spot.line, spot
    elif key is None:
        return spot
    elif key.text is not None:  # of duplicate keys the last one counts
        holder.inner[key.text] = key.line, spot
    return None


def _line_of(root: _Spot, keys: Keys) -> int:
    line, spot = root.line, root
    for key in keys:
        step = spot.inner.get(key)
        if step is None:
            break
        line, spot = step
    return line
