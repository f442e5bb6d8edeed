"""The YAML documents of one file, each judged apart, with its line; limits on size, depth and aliases.

YAML 1.2 as Backstage reads it: `yes`, `012` and `2024-01-31` are not what YAML 1.1 makes of them.
No tag ever makes an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from flagstone.catalog.engine.composing import Composer, Fault, Limits, line_of, text_of

_MARKER = re.compile(r"^(?:---|\.\.\.)(?=[ \t\n]|\Z)", re.MULTILINE)
_NOTHING = re.compile(r"(?:[ \t]*(?:#[^\n]*)?(?:\n|\Z)|%[^\n]*(?:\n|\Z))*")
_UNREADABLE = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Keys = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file.

    Attributes:
        index: its place in the file, from 0; empty documents count.
        line: 1-based line of its first content.
        value: what it holds; None for an empty or a broken one.
        fault: why it cannot be read, None if it can.
    """

    index: int
    line: int
    value: Any = None
    fault: Fault | None = None
    _source: str = field(default="", repr=False)
    _offset: int = field(default=0, repr=False)

    def line_of(self, keys: Keys) -> int:
        """The 1-based line of a key path, or of its nearest ancestor that exists."""
        lines = _lines(self._source)
        for length in range(len(keys), 0, -1):
            line = lines.get(tuple(keys[:length]))
            if line is not None:
                return line + self._offset + 1
        return self.line


def read_documents(data: bytes, limits: Limits | None = None) -> list[Document]:
    """Read every document of a file; one that is broken does not lose the others.

    A file over the size limit gives one document with that fault.
    """
    limits = limits or Limits()
    if len(data) > limits.max_bytes:
        megabytes = (
            f"{len(data) / 1024 / 1024:.1f} MB; {limits.max_bytes / 1024 / 1024:.0f} MB is the most"
        )
        return [Document(0, 1, fault=Fault(f"The file has {megabytes}.", 1, 1))]
    documents: list[Document] = []
    for index, (source, offset) in enumerate(_split(_decode(data))):
        if index == limits.max_documents:
            fault = Fault(f"More than {index:,} documents; the rest is not read.", offset + 1, 1)
            return [*documents, Document(index, offset + 1, fault=fault)]
        documents.append(_read(index, source, offset, limits))
    return documents


def _decode(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    # a stray byte in a description is no reason to lose the service: it shows as a question mark
    return data.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def _split(text: str) -> Iterator[tuple[str, int]]:
    """Cut a text at its document markers; each part comes with the number of lines before it.

    Nothing but a marker can begin a line with `---` or `...`, not even inside a block of text.
    """
    start, explicit = 0, False
    line, counted = 0, 0
    for marker in _MARKER.finditer(text):
        before = text[start : marker.start()]
        if marker.group() == "---":
            if not explicit and _NOTHING.fullmatch(before):
                explicit = True  # comments and directives above the marker belong to its document
                continue
            cut, next_explicit = marker.start(), True
        else:
            if not explicit and _NOTHING.fullmatch(before):
                start = marker.end()
                continue
            cut, next_explicit = marker.end(), False
        line, counted = line + text.count("\n", counted, start), start
        yield text[start:cut], line
        start, explicit = cut, next_explicit
    rest = text[start:]
    if explicit or not _NOTHING.fullmatch(rest):
        yield rest, line + text.count("\n", counted, start)


def _read(index: int, source: str, offset: int, limits: Limits) -> Document:
    unreadable = _UNREADABLE.search(source)
    if unreadable:
        line = source.count("\n", 0, unreadable.start()) + offset + 1
        column = unreadable.start() - source.rfind("\n", 0, unreadable.start())
        code = f"U+{ord(unreadable.group()):04X}"
        fault = Fault(
            f"Not valid YAML: the character {code} is not allowed; remove it.", line, column
        )
        return Document(index, line, fault=fault)
    composer = Composer(source, limits, offset)
    try:
        value = composer.compose()
    except Fault as fault:
        return Document(index, fault.line, fault=fault)
    except yaml.YAMLError as error:
        syntax = _syntax_fault(error, source, offset)
        return Document(index, syntax.line, fault=syntax)
    return Document(index, composer.first_line, value, None, source, offset)


def _syntax_fault(error: yaml.YAMLError, source: str, offset: int) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = (
        getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    )
    context = getattr(error, "context", None)
    words = f"Not valid YAML: {problem}{f' ({context})' if context else ''}."
    if mark is None:
        return Fault(words, offset + 1, 1)
    # what is missing at the end is missing on the last line written
    last = source.rstrip().count("\n")
    return Fault(words, min(mark.line, last) + offset + 1, mark.column + 1)


@lru_cache(maxsize=4)
def _lines(source: str) -> dict[tuple[str | int, ...], int]:
    """Map the path of every key and list item to its 0-based line; for texts that were composed before."""
    lines: dict[tuple[str | int, ...], int] = {}
    path: list[str | int] = []
    # for each open collection: None while a mapping waits for a key, else the key or next list index
    waiting: list[str | int | None] = []
    anchors: dict[str, str] = {}
    for event in yaml.parse(source, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            waiting.pop()
            if path:
                path.pop()
            _advance(waiting)
        elif isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.ScalarEvent) and event.anchor:
                anchors[event.anchor] = text_of(event)
            if waiting and waiting[-1] is None:
                key = _key(event, anchors)
                waiting[-1] = key
                lines[(*path, key)] = line_of(event)
                continue
            here = waiting[-1] if waiting else None
            if isinstance(here, int):
                lines[(*path, here)] = line_of(event)
            if isinstance(event, yaml.CollectionStartEvent):
                if here is not None:
                    path.append(here)
                waiting.append(0 if isinstance(event, yaml.SequenceStartEvent) else None)
            else:
                _advance(waiting)
    return lines


def _key(event: yaml.NodeEvent, anchors: dict[str, str]) -> str:
    if isinstance(event, yaml.ScalarEvent):
        return text_of(event)
    return anchors.get(event.anchor or "", "")


def _advance(waiting: list[str | int | None]) -> None:
    if waiting:
        last = waiting[-1]
        waiting[-1] = last + 1 if isinstance(last, int) else None
