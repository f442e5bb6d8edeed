"""The words and statements of a Rego text, as far as rewriting needs them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(
    r'(?P<skip>\s+|#[^\n]*)|(?P<text>"(?:\\.|[^"\\\n])*"|`[^`]*`)|(?P<name>[A-Za-z_]\w*)|(?P<sign>:=|.)',
    re.DOTALL,
)
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_GO_ON = frozenset({"else", "if", "contains"})
_SIGNS = frozenset("=!<>+-*/%&|,;:.([{")
_NAMES = frozenset({":=", "some", "every", "not", "in", "with", "as", "if", "else", "contains"})
_LEANS_BACK = frozenset("=!<>+-*/%&|,;:.)]}") | {":=", "in", "with", "as"}


@dataclass(frozen=True, slots=True)
class Word:
    """A name, a string or a sign, where it stands, and how deep in brackets."""

    text: str
    begin: int
    end: int
    depth: int
    starts_line: bool


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of a text, and what is to stand there instead; no line break is ever added or lost."""

    begin: int
    end: int
    text: str


def edited(rego: str, edits: list[Edit]) -> str:
    """The text with all of them; what is put before a word stands before the edit of that word."""
    parts: list[str] = []
    end = 0
    for edit in sorted(edits, key=lambda each: (each.begin, each.end)):
        parts += (rego[end : edit.begin], edit.text)
        end = edit.end
    return "".join([*parts, rego[end:]])


def words(rego: str) -> Iterator[Word]:
    """The words, without blanks and comments; a closing bracket is as deep as its opening one."""
    depth, starts_line = 0, True
    for found in _WORD.finditer(rego):
        text = found[0]
        if found["skip"]:
            starts_line = starts_line or "\n" in text
            continue
        if text in _CLOSE:
            depth = max(0, depth - 1)
        yield Word(text, found.start(), found.end(), depth, starts_line)
        if text in _OPEN:
            depth += 1
        starts_line = False


def statements(rego: str) -> Iterator[list[Word]]:
    """The words of each rule or import."""
    current: list[Word] = []
    for word in words(rego):
        begins = word.depth == 0 and word.starts_line and is_name(word) and word.text not in _GO_ON
        if begins and current and not _awaits(current):
            yield current
            current = []
        current.append(word)
    if current:
        yield current


def is_name(word: Word) -> bool:
    return word.text[0].isalpha() or word.text[0] == "_"


def goes_on(before: Word, word: Word) -> bool:
    """Tell whether an expression that is at `before` goes on with `word` on a line below."""
    return before.text in _SIGNS | _NAMES or word.text in _LEANS_BACK


def on_one_line(rego: str, made: list[Word]) -> str:
    """The same words, with a semicolon where the end of a line ended an expression."""
    parts = [made[0].text]
    for before, word in itertools.pairwise(made):
        gap = rego[before.end : word.begin]
        if "\n" in gap:
            gap = " " if goes_on(before, word) else "; "
        parts += [gap, word.text]
    return "".join(parts)


def _awaits(current: list[Word]) -> bool:
    """Whether more has to come: `import future.keywords.if` is at its end."""
    of_a_path = len(current) > 1 and current[-2].text == "."
    return not of_a_path and current[-1].text in {"=", ":", "if", "contains", "else", "default"}
