"""Makes plain values of the events of one YAML document, in the core schema of YAML 1.2."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_NULL = re.compile(r"~|[Nn]ull|NULL|")
_BOOL = re.compile(r"[Tt]rue|TRUE|[Ff]alse|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN")
_MAYBE_NOT_TEXT = frozenset("~nNtTfF.+-0123456789")
_CORE = "tag:yaml.org,2002:"
# beyond this a whole number is no longer read digit by digit
_MAX_DIGITS = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file and each of its documents may hold."""

    max_bytes: int = 5 * 1024 * 1024
    max_documents: int = 10_000
    max_depth: int = 64
    # an alias counts as all that it stands for
    max_nodes: int = 100_000


class Fault(Exception):
    """Why a document cannot be read, and where (1-based)."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@dataclass(slots=True)
class _Node:
    """A value with what an alias to it would add: how many nodes, how many levels."""

    value: Any
    nodes: int = 1
    levels: int = 1


class Composer:
    """Composes one document.

    `lines_before` stand above it in its file: faults and `first_line` (1-based, known afterwards)
    count from there.
    """

    def __init__(self, source: str, limits: Limits, lines_before: int = 0) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(source, Loader=yaml.CSafeLoader)
        self._limits = limits
        self._anchors: dict[str, _Node | None] = {}
        self._nodes = 0
        self._lines_before = lines_before
        self.first_line = lines_before + 1

    def compose(self) -> Any:
        """Return the value of the document, None if it is empty.

        Raises:
            Fault: if it goes over a limit, has a key twice, or an alias to nothing.
            yaml.YAMLError: if it is not YAML.
        """
        value: Any = None
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                self.first_line = self._line(event)
                value = self._node(event, depth=1).value
        return value

    def _node(self, event: yaml.Event, depth: int) -> _Node:
        if depth > self._limits.max_depth:
            raise self._fault(event, f"Nested more than {self._limits.max_depth} levels deep.")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        anchor = event.anchor if isinstance(event, yaml.NodeEvent) else None
        if anchor:
            self._anchors[anchor] = None  # open: an alias to it from inside would never end
        if isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(event, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(depth)
        elif isinstance(event, yaml.ScalarEvent):
            if "\0" in event.value:  # only an escape can make one; no database takes it
                raise self._fault(event, "The character U+0000 is not allowed; remove it.")
            node = _Node(_scalar(event))
        else:
            raise self._fault(event, "Not valid YAML: a value is missing.")
        if anchor:
            self._anchors[anchor] = node
        self._count(1, event)
        return node

    def _mapping(self, start: yaml.MappingStartEvent, depth: int) -> _Node:
        node = _Node({})
        seen: dict[str, int] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                return node
            key = self._key(event)
            line = self._line(event)
            if key in seen:
                raise self._fault(
                    event, f'The key "{key}" stands twice, first on line {seen[key]}.'
                )
            seen[key] = line
            child = self._node(next(self._events), depth + 1)
            node.value[key] = child.value
            node.nodes += child.nodes + 1
            node.levels = max(node.levels, child.levels + 1)
        raise self._fault(start, "Not valid YAML: the document ends inside a mapping.")

    def _sequence(self, depth: int) -> _Node:
        node = _Node([])
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            child = self._node(event, depth + 1)
            node.value.append(child.value)
            node.nodes += child.nodes
            node.levels = max(node.levels, child.levels + 1)
        return node

    def _key(self, event: yaml.Event) -> str:
        if isinstance(event, yaml.AliasEvent):
            node = self._anchors.get(event.anchor or "")
            if node is not None and isinstance(node.value, str):
                return node.value
        if not isinstance(event, yaml.ScalarEvent):
            raise self._fault(event, "A key must be a text.")
        self._count(1, event)
        key = text_of(event)
        if "\0" in key:
            raise self._fault(event, "The character U+0000 is not allowed; remove it.")
        if event.anchor:
            self._anchors[event.anchor] = _Node(key)
        return key

    def _alias(self, event: yaml.AliasEvent, depth: int) -> _Node:
        name = event.anchor or ""
        if name not in self._anchors:
            raise self._fault(event, f"The alias *{name} stands for nothing that was named before.")
        node = self._anchors[name]
        if node is None:
            raise self._fault(event, f"The alias *{name} stands inside what it stands for.")
        self._count(node.nodes, event)
        if depth + node.levels - 1 > self._limits.max_depth:
            raise self._fault(event, f"Nested more than {self._limits.max_depth} levels deep.")
        return node

    def _count(self, nodes: int, event: yaml.Event) -> None:
        self._nodes += nodes
        if self._nodes > self._limits.max_nodes:
            raise self._fault(
                event,
                f"More than {self._limits.max_nodes:,} values, aliases counted as what they stand for.",
            )

    def _line(self, event: yaml.Event) -> int:
        return line_of(event) + self._lines_before + 1

    def _fault(self, event: yaml.Event, message: str) -> Fault:
        column = event.start_mark.column if event.start_mark else 0
        return Fault(message, self._line(event), column + 1)


def line_of(event: yaml.Event) -> int:
    """The 0-based line of an event."""
    return event.start_mark.line if event.start_mark else 0


def text_of(event: yaml.ScalarEvent) -> str:
    """The text of a scalar that stands as a key: JSON knows only texts there."""
    value = _scalar(event)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    tag: str | None = event.tag
    if tag is None:
        plain = event.implicit[0]
        if not plain or (text and text[0] not in _MAYBE_NOT_TEXT):
            return text
        return _core_value(text)
    if tag.startswith(_CORE) and tag.removeprefix(_CORE) in {"null", "bool", "int", "float"}:
        return _core_value(text)
    return text


def _core_value(text: str) -> Any:
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text[0] in "tT"
    if _INT.fullmatch(text) and len(text) <= _MAX_DIGITS:
        return int(text)
    if len(text) <= _MAX_DIGITS and (_OCTAL.fullmatch(text) or _HEX.fullmatch(text)):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return _number(float(text))
    return None if _NOT_FINITE.fullmatch(text) else text


def _number(number: float) -> float | int | None:
    if not math.isfinite(number):
        return None  # as JSON has it
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
