"""Rego read as text: its words without comments, for what can be said without running it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_WORD = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<text>"(?:\\.|[^"\\\n])*"|`[^`]*`)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<mark>[^\s\w])
    | (?P<number>\w+)
    | (?P<space>\s+)""",
    re.VERBOSE,
)
_OPENING = {"{": "}", "[": "]", "(": ")"}


@dataclass(frozen=True, slots=True)
class Word:
    """A `name`, a `text` without its quotes, a `number` or a `mark`, with its 1-based line."""

    kind: str
    text: str
    line: int


def words(rego: str) -> list[Word]:
    """The words of a Rego text, in order; comments are left out."""
    found: list[Word] = []
    line = 1
    for match in _WORD.finditer(rego):
        kind, text = match.lastgroup, match[0]
        if kind == "text":
            found.append(Word(kind, text[1:-1], line))
        elif kind in {"name", "mark", "number"}:
            found.append(Word(str(kind), text, line))
        line += text.count("\n")
    return found


@dataclass(frozen=True, slots=True)
class Negated:
    """A literal `not a.b.c`: the names on its way."""

    path: tuple[str, ...]
    line: int


@dataclass(slots=True)
class _Block:
    closes: str
    negated: list[Negated] = field(default_factory=list)


def negated_together(rego: str) -> Iterator[list[Negated]]:
    """Yield the `not` literals of each body that has several: it holds only where all of them do."""
    return (together for together in negated(rego) if len(together) > 1)


def negated(rego: str) -> Iterator[list[Negated]]:
    """Yield the `not` literals of each body that has some."""
    found = words(rego)
    blocks = [_Block("")]  # whatever stands in no brackets
    for position, word in enumerate(found):
        if word.kind == "mark" and word.text in _OPENING:
            blocks.append(_Block(_OPENING[word.text]))
        elif word.kind == "mark" and word.text == blocks[-1].closes:
            block = blocks.pop()
            if block.negated:
                yield block.negated
        elif word == Word("name", "not", word.line):
            path = _path(found, position + 1)
            if len(path) > 1:
                blocks[-1].negated.append(Negated(path, word.line))
    yield from ([one] for one in blocks[0].negated)  # `a if not b.c`: a body of its own


def _path(found: list[Word], start: int) -> tuple[str, ...]:
    """The names of a reference such as `c.resources["limits"]`; what is computed ends it."""
    path: list[str] = []
    position = start
    while position < len(found) and found[position].kind == "name":
        path.append(found[position].text)
        position += 1
        while _bracketed(found, position):
            path.append(found[position + 1].text)
            position += 3
        if position >= len(found) or found[position].text != ".":
            break
        position += 1
    return tuple(path)


def _bracketed(found: list[Word], position: int) -> bool:
    part = found[position : position + 3]
    return [word.text for word in part[::2]] == ["[", "]"] and part[1].kind == "text"


def violation_faults(rego: str) -> Iterator[tuple[int, str]]:
    """Yield the line of each rule `violation` that Gatekeeper cannot use, and why.

    Only what its head shows: a head that names a variable is left to a run.
    """
    found = words(rego)
    depth = 0
    for position, word in enumerate(found):
        if word.kind == "mark":
            depth += (word.text in _OPENING) - (word.text in _OPENING.values())
        elif depth == 0 and word.kind == "name" and word.text == "violation":
            before = found[position - 1] if position else None
            if before is None or before.text not in {".", "not", "default", "import", "as"}:
                reason = _head_fault(found[position + 1 : position + 3], found, position + 1)
                if reason:
                    yield word.line, reason


def _head_fault(start: list[Word], found: list[Word], position: int) -> str:
    if len(start) < 2:
        return ""
    first, second = start
    if first.text not in {"[", "contains"}:
        return "it must be a set: `violation[{...}]`, or `violation contains {...}`"
    if second.kind in {"text", "number"}:
        return "it yields a text: an object with a msg is wanted"
    if second.text == "{" and "msg" not in _fields(found, position + 1):
        return "the object that it yields has no msg"
    return ""


def _fields(found: list[Word], position: int) -> set[str]:
    """The field names of the object that opens here."""
    names: set[str] = set()
    depth = 0
    for here, after in zip(found[position:], found[position + 1 :], strict=False):
        if here.kind == "mark":
            depth += (here.text in _OPENING) - (here.text in _OPENING.values())
            if depth == 0:
                break
        elif depth == 1 and here.kind == "text" and after.text == ":":
            names.add(here.text)
    return names
