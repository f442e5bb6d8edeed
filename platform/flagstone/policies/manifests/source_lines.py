"""Where a value stands in the file it was read from.

Only findings need lines, so the text is parsed again when one is asked for, never while reading.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
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

from flagstone.policies.manifests.scalars import key_text, resolve

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

    def line(self, first_line: int, keys: Keys, *, each_key_once: bool = False) -> int | None:
        """Return the 1-based line of a key path in the document that starts at `first_line`.

        `first_line` counts from 0. A path that does not exist yields its nearest ancestor's line. Where
        each key is given once, what stands behind the place need not be parsed.
        """
        spots = _spots(self, first_line)
        if spots is None:
            return None
        line = spots.line_of(keys, to_the_end=not each_key_once)
        return None if line is None else first_line + line + 1

    def scalar(self, first_line: int, keys: Keys) -> str | None:
        """The text of a plain scalar as it is written; None if there is no such thing at the path."""
        spots = _spots(self, first_line)
        spot = None if spots is None else spots.at(keys)
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
    each_key_once: bool = False

    def line(self, keys: Keys) -> int | None:
        way = self.prefix + keys
        return self.text.line(self.first_line, way, each_key_once=self.each_key_once)

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
    is_read: bool = False  # to its end


class _Spots:
    """The spots of a stream's first document, read as far as somebody asked for them.

    Composing its nodes would take several times as long as its events do.
    """

    def __init__(self, next_event: Callable[[], Any]) -> None:
        self._top = _Spot(0, None, plain=False, is_mapping=False, inner={})
        self._rest = _read(next_event, self._top)
        self._is_broken = False

    def line_of(self, keys: Keys, *, to_the_end: bool) -> int | None:
        """The line of a place or of its nearest ancestor that exists; None if there is no document."""
        if to_the_end:
            self._finish()
        line = None
        spot = self._top
        for key in (0, *keys):
            step = self._inside(spot, key)
            if step is None:
                break
            line, spot = step
        return None if self._is_broken else line

    def at(self, keys: Keys) -> _Spot | None:
        self._finish()
        spot: _Spot | None = self._top
        for key in (0, *keys):
            step = None if spot is None else spot.inner.get(key)
            spot = None if step is None else step[1]
        return None if self._is_broken else spot

    def _inside(self, spot: _Spot, key: str | int) -> tuple[int, _Spot] | None:
        while (found := spot.inner.get(key)) is None and not spot.is_read and self._goes_on():
            pass
        return found

    def _goes_on(self) -> bool:
        """Read one value more; a text may have changed since it was read, and be no YAML now."""
        try:
            return next(self._rest, None) is not None
        except yaml.YAMLError:
            self._is_broken = True
            return False

    def _finish(self) -> None:
        while self._goes_on():
            pass


# findings come service by service; more would keep the spots of every file alive
@lru_cache(maxsize=64)
def _spots(source: SourceText, first_line: int) -> _Spots | None:
    text = _document(source, first_line)
    if text is None:
        return None
    try:
        return _Spots(yaml.CBaseLoader(text).get_event)
    except yaml.YAMLError:  # a character that YAML does not have
        return None


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


def _read(next_event: Callable[[], Any], top: _Spot) -> Iterator[_Spot]:
    """Put the spots of a document into `top`, and give each as soon as it is in its place."""
    holder = top
    key: _Spot | None = None
    outer: list[tuple[_Spot, _Spot | None]] = []
    anchors: dict[str, _Spot] = {}
    while (event := next_event()).__class__ is not DocumentEndEvent:
        kind = event.__class__
        if kind in _ENDS:
            holder.is_read = True
            holder, key = outer.pop()
        elif kind in _VALUES:
            spot = _spot(event, anchors)
            key = _put(holder, key, spot)
            if kind is not ScalarEvent and kind is not AliasEvent:
                outer.append((holder, key))
                holder, key = spot, None
            yield spot
        elif kind is StreamEndEvent:
            return


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
        name = key_text(resolve(key.text)) if key.plain else None
        if name is not None:  # `on` is read as true, and asked for by either name
            holder.inner[name] = key.line, spot
    return None
