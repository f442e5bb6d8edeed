"""libyaml's events to one plain value.

Building from events is about three times as fast as PyYAML's loaders, needs no recursion (depth is a
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
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.scalars import key_text, resolve, resolve_tagged

# What stands where a mapping has its key: in a list, before a key was read, and after `<<`.
_IN_LIST = object()
_NO_KEY = object()
_MERGE = object()


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


class _Anchored(NamedTuple):
    value: Any
    nodes: int


def build_value(  # noqa: C901, PLR0912, PLR0915 - a call for each event would take half of the time
    next_event: Callable[[], Event | None], limits: Limits
) -> tuple[Any, list[DuplicateKey]]:
    """Build the value of the document whose start event was just taken.

    Raises:
        Refused: it has no JSON form, refers to itself, or is over a limit.
    """
    duplicates: list[DuplicateKey] = []
    container: Any = []
    root = container
    key: Any = _IN_LIST
    merges: list[dict[str, Any]] | None = None  # of the innermost mapping, once it has a `<<`
    outer: list[Any] = []  # container, key, merges, anchor and nodes of what waits for the inner
    anchors: dict[str | None, _Anchored | None] = {}  # None: its value is still being read
    nodes = 0  # with every alias expanded
    most_nodes, deepest = limits.nodes, limits.depth
    while True:
        event: Any = next_event()
        kind = event.__class__
        if kind is ScalarEvent:
            text = event.value
            plain = event.implicit[0]
            if plain:
                value = resolve(text)
                if value.__class__ is float and not math.isfinite(value):
                    raise Refused(f"{text} has no JSON form, Kubernetes refuses it", line_of(event))
            else:
                tag = event.tag
                value = resolve_tagged(text, tag) if tag else text
            nodes += 1
            if event.anchor:
                anchors[event.anchor] = _Anchored(value, 1)
            if key is _NO_KEY:
                if plain and text == "<<":
                    key = _MERGE
                    continue
                key = intern(value) if value.__class__ is str else _key(value, event)
                if key in container:
                    duplicates.append(DuplicateKey(key, line_of(event)))
                continue
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if key is _NO_KEY:
                raise Refused("a mapping or list cannot be a key", line_of(event))
            if len(outer) >= deepest:
                reason = f"nested more than {deepest} levels deep"
                raise Refused(reason, line_of(event), limit=True)
            anchor = event.anchor
            if anchor:
                anchors[anchor] = None
            outer.append((container, key, merges, anchor, nodes))
            nodes += 1
            if nodes > most_nodes:
                raise _too_large(limits, event)
            if kind is MappingStartEvent:
                container, key, merges = {}, _NO_KEY, None
            else:
                container, key, merges = [], _IN_LIST, None
            continue
        elif kind is AliasEvent:
            anchored = _anchored(anchors, event)
            nodes += anchored.nodes
            if nodes > most_nodes:
                raise _too_large(limits, event)
            value = anchored.value
            if key is _NO_KEY:
                key = _key(value, event)
                if key in container:
                    duplicates.append(DuplicateKey(key, line_of(event)))
                continue
        elif kind is DocumentEndEvent:
            return root[0], duplicates
        else:  # the end of a mapping or list
            value = container
            if merges:
                _merge(value, merges)
            container, key, merges, anchor, before = outer.pop()
            if anchor:
                anchors[anchor] = _Anchored(value, nodes - before)
        if key is _IN_LIST:
            container.append(value)
        elif key is _MERGE:
            merges = [*(merges or ()), *_mergeable(value, event)]
            key = _NO_KEY
        else:
            container[key] = value
            key = _NO_KEY


def _key(value: Any, event: Event) -> str:
    key = value if isinstance(value, str) else key_text(value)
    if key is None:
        raise Refused("null, a mapping or a list cannot be a key", line_of(event))
    return intern(key)


def _anchored(anchors: dict[str | None, _Anchored | None], event: AliasEvent) -> _Anchored:
    try:
        anchored = anchors[event.anchor]
    except KeyError:
        raise Refused(f"the alias *{event.anchor} has no anchor", line_of(event)) from None
    if anchored is None:
        raise Refused(f"the anchor &{event.anchor} contains itself", line_of(event))
    return anchored


def _mergeable(value: Any, event: Event) -> list[dict[str, Any]]:
    merged = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in merged):
        raise Refused("<< needs a mapping or a list of mappings", line_of(event))
    return merged


def _merge(value: dict[str, Any], merges: list[dict[str, Any]]) -> None:
    """Take in the keys that the mapping does not have itself; of two, the first counts."""
    for merged in merges:
        for key, item in merged.items():
            value.setdefault(key, item)


def _too_large(limits: Limits, event: Event) -> Refused:
    reason = f"more than {limits.nodes:,} values once its aliases are expanded"
    return Refused(reason, line_of(event), limit=True)


def line_of(event: Event) -> int:
    """The 0-based line of an event; libyaml gives every event a mark."""
    return event.start_mark.line if event.start_mark else 0
