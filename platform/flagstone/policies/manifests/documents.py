"""YAML text to documents: where each one starts, which are broken, and how to go on after one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.events import DocumentStartEvent, StreamEndEvent
from yaml.reader import ReaderError

from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.values import DuplicateKey, Refused, build_value, line_of

_MARKER = re.compile(r"^---(?=\s|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its value, 0-based index and first line, and the keys it gives twice."""

    value: Any
    index: int
    first_line: int
    duplicates: tuple[DuplicateKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """A document that cannot be read. `line` counts from 1; `limit` tells hostile from mistyped."""

    index: int
    line: int
    reason: str
    limit: bool = False


def read_documents(text: str, limits: Limits) -> Iterator[Document | Broken]:
    """Read every document; after a broken one, go on at the next `---` line.

    In YAML a `---` at the start of a line ends a document always, even inside quotes or block text,
    so what follows it is whole.
    """
    start, line, index = 0, 0, 0
    for _ in range(limits.broken_documents):
        stream = _Stream(text[start:] if start else text, line, index, limits)
        yield from stream
        if stream.broken is None:
            return
        yield stream.broken
        index = stream.broken.index + 1
        marker = _MARKER.search(text, _next_line(text, start, stream.document_line))
        if marker is None:
            return
        line += text.count("\n", start, marker.start())
        start = marker.start()
    yield Broken(index, line + 1, "too many broken documents, the rest of the file was not read")


def embedded_mapping(text: Any) -> dict[str, Any]:
    """The mapping that a text holds as YAML, as those of ConfigMaps do; else an empty one."""
    if not isinstance(text, str):
        return {}
    found = (d.value for d in read_documents(text, Limits()) if isinstance(d, Document))
    value = next(found, None)
    return value if isinstance(value, dict) else {}


def _next_line(text: str, start: int, lines: int) -> int:
    """The offset just after `lines` + 1 line breaks."""
    for _ in range(lines + 1):
        found = text.find("\n", start)
        if found < 0:
            return len(text)
        start = found + 1
    return start


class _Stream:
    """The documents of one text until its end or its first error, which `broken` then holds."""

    def __init__(self, text: str, first_line: int, index: int, limits: Limits) -> None:
        self._text = text
        self._first_line = first_line
        self._index = index
        self._limits = limits
        self.document_line = 0
        self.broken: Broken | None = None

    def __iter__(self) -> Iterator[Document]:
        try:
            parser = yaml.CBaseLoader(self._text)
            while (event := parser.get_event()).__class__ is not StreamEndEvent:
                if event.__class__ is DocumentStartEvent:
                    self.document_line = line_of(event)
                    value, duplicates = build_value(parser.get_event, self._limits)
                    first_line = self._first_line + self.document_line
                    yield Document(value, self._index, first_line, self._at(duplicates))
                    self._index += 1
        except Refused as refused:
            self._break(str(refused), refused.line, limit=refused.limit)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._break(self._words(error), mark.line if mark else self.document_line)
        except ReaderError as error:
            line = self._text.encode()[: error.position].count(b"\n")
            self._break(f"the character U+{error.character:04X} is not allowed in YAML", line)

    def _words(self, error: yaml.MarkedYAMLError) -> str:
        """The parser's words, with the line on which the unfinished thing began."""
        problem = error.problem or "not YAML"
        if not error.context or error.context_mark is None:
            return problem
        return (
            f"{problem} {error.context} that began on line {self._human(error.context_mark.line)}"
        )

    def _human(self, line: int) -> int:
        """The line in the whole file, from 1; an unfinished text breaks behind its end."""
        last = self._text.rstrip("\n").count("\n")
        return self._first_line + min(line, last) + 1

    def _at(self, duplicates: list[DuplicateKey]) -> tuple[DuplicateKey, ...]:
        return tuple(DuplicateKey(d.key, d.line + self._first_line + 1) for d in duplicates)

    def _break(self, reason: str, line: int, *, limit: bool = False) -> None:
        self.broken = Broken(self._index, self._human(line), reason, limit)
