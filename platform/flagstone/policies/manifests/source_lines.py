"""Where a value stands in the file it was read from.

Only findings need lines, so the text is composed again when one is asked for, never while reading.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import yaml

Keys = tuple[str | int, ...]

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
        root = _compose(self, first_line)
        if root is None:
            return None
        return first_line + _mark_line(root, keys) + 1

    def scalar(self, first_line: int, keys: Keys) -> str | None:
        """The text of a plain scalar as it is written; None if there is no such thing at the path."""
        node = _compose(self, first_line)
        for key in keys:
            step = None if node is None else _step(node, key)
            node = None if step is None else step[1]
        return node.value if isinstance(node, yaml.ScalarNode) and not node.style else None

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


@lru_cache(
    maxsize=64
)  # findings come service by service; more would keep every file's node tree alive
def _compose(source: SourceText, first_line: int) -> yaml.Node | None:
    text = _document(source, first_line)
    if text is None:
        return None
    loader = yaml.CSafeLoader(text)
    try:
        return loader.get_node() if loader.check_node() else None
    except yaml.YAMLError:
        return None
    finally:
        loader.dispose()


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


def _mark_line(root: yaml.Node, keys: Keys) -> int:
    line = root.start_mark.line
    node = root
    for key in keys:
        step = _step(node, key)
        if step is None:
            break
        line, node = step
    return line


def _step(node: yaml.Node, key: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in reversed(node.value):  # of duplicate keys the last one counts
            if name.value == key:
                return name.start_mark.line, value
    elif (
        isinstance(node, yaml.SequenceNode) and isinstance(key, int) and 0 <= key < len(node.value)
    ):
        return node.value[key].start_mark.line, node.value[key]
    return None
