"""libyaml's events to one plain value.

Building from events is about twice as fast as PyYAML's loaders, needs no recursion (depth is a
counter) and sees what they hide: keys given twice, and how much an alias stands for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from sys import intern
from typing import Any, NamedTuple

from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.scalars import key_text, resolve, resolve_tagged

_NO_KEY = object()  # the mapping waits for its next key
_MERGE = object()  # that key was `<<`


@dataclass(frozen=True, slots=True)
class DuplicateKey:
    """A key given twice in one mapping, and the line of the second; the last one counts."""

    key: str
    line: int


class Refused(Exception):
    """The document is not read, in words; `line` counts from 0 in its text."""

    def __init__(self, reason: str, line: int, *, limit: bool = False) -> None:
        super().__init__(reason)
        self.line = line
        self.limit = limit


def build_value(
    next_event: Callable[[], Event | None], limits: Limits
) -> tuple[Any, list[DuplicateKey]]:
    """Build the value of the document whose start event was just taken."""
    builder = _Builder(limits)
    handlers: dict[type[Event | None], Callable[[Any], None]] = {
        ScalarEvent: builder.scalar,
        MappingStartEvent: builder.open_mapping,
        SequenceStartEvent: builder.open_sequence,
        MappingEndEvent: builder.close,
        SequenceEndEvent: builder.close,
        AliasEvent: builder.alias,
    }
    while (event := next_event()).__class__ is not DocumentEndEvent:
        handlers[event.__class__](event)
    return builder.root[0], builder.duplicates


class _Anchored(NamedTuple):
    value: Any
    nodes: int


class _Outer(NamedTuple):
    """What waits while an inner mapping or list is read."""

    container: Any
    key: Any
    merges: list[dict[str, Any]]
    anchor: str | None
    nodes: int


class _Builder:
    __slots__ = (
        "_anchors",
        "_container",
        "_key",
        "_limits",
        "_merges",
        "_nodes",
        "_outer",
        "duplicates",
        "root",
    )

    def __init__(self, limits: Limits) -> None:
        self.root: list[Any] = []
        self.duplicates: list[DuplicateKey] = []
        self._limits = limits
        self._container: Any = self.root
        self._key: Any = _NO_KEY
        self._merges: list[dict[str, Any]] = []
        self._outer: list[_Outer] = []
        self._anchors: dict[
            str | None, _Anchored | None
        ] = {}  # None: its value is still being read
        self._nodes = 0  # with every alias expanded

    def scalar(self, event: ScalarEvent) -> None:
        text = event.value
        if event.implicit[0]:
            value = resolve(text)
            if value.__class__ is float and not math.isfinite(value):
                raise Refused(f"{text} has no JSON form, Kubernetes refuses it", line_of(event))
        else:
            value = resolve_tagged(text, event.tag) if event.tag else text
        self._nodes += 1
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, 1)
        if self._key is _NO_KEY and self._container.__class__ is dict:
            merges = text == "<<" and event.implicit[0]
            self._take_key(_MERGE if merges else value, event)
        else:
            self._put(value, event)

    def open_mapping(self, event: MappingStartEvent) -> None:
        self._open({}, event)

    def open_sequence(self, event: SequenceStartEvent) -> None:
        self._open([], event)

    def close(self, event: Event) -> None:
        value = self._container
        for merged in self._merges:
            for key, item in merged.items():
                value.setdefault(key, item)
        self._container, self._key, self._merges, anchor, nodes = self._outer.pop()
        if anchor:
            self._anchors[anchor] = _Anchored(value, self._nodes - nodes)
        self._put(value, event)

    def alias(self, event: AliasEvent) -> None:
        try:
            anchored = self._anchors[event.anchor]
        except KeyError:
            raise Refused(f"the alias *{event.anchor} has no anchor", line_of(event)) from None
        if anchored is None:
            raise Refused(f"the anchor &{event.anchor} contains itself", line_of(event))
        self._nodes += anchored.nodes
        self._check_size(event)
        if self._key is _NO_KEY and self._container.__class__ is dict:
            self._take_key(anchored.value, event)
        else:
            self._put(anchored.value, event)

    def _open(self, value: Any, event: MappingStartEvent | SequenceStartEvent) -> None:
        if self._key is _NO_KEY and self._container.__class__ is dict:
            raise Refused("a mapping or list cannot be a key", line_of(event))
        if len(self._outer) >= self._limits.depth:
            reason = f"nested more than {self._limits.depth} levels deep"
            raise Refused(reason, line_of(event), limit=True)
        self._nodes += 1
        self._check_size(event)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._outer.append(
            _Outer(self._container, self._key, self._merges, event.anchor, self._nodes - 1)
        )
        self._container, self._key, self._merges = value, _NO_KEY, []

    def _take_key(self, key: Any, event: Event) -> None:
        if key is not _MERGE:
            key = key if isinstance(key, str) else key_text(key)
            if key is None:
                raise Refused("null, a mapping or a list cannot be a key", line_of(event))
            key = intern(key)
            if key in self._container:
                self.duplicates.append(DuplicateKey(key, line_of(event)))
        self._key = key

    def _put(self, value: Any, event: Event) -> None:
        if self._container.__class__ is list:
            self._container.append(value)
            return
        if self._key is _MERGE:
            merged = value if isinstance(value, list) else [value]
            if not all(isinstance(item, dict) for item in merged):
                raise Refused("<< needs a mapping or a list of mappings", line_of(event))
            self._merges.extend(merged)
        else:
            self._container[self._key] = value
        self._key = _NO_KEY

    def _check_size(self, event: Event) -> None:
        if self._nodes > self._limits.nodes:
            reason = f"more than {self._limits.nodes:,} values once its aliases are expanded"
            raise Refused(reason, line_of(event), limit=True)


def line_of(event: Event) -> int:
    """The 0-based line of an event; libyaml gives every event a mark."""
    return event.start_mark.line if event.start_mark else 0
