"""The functions that a Rego text calls without defining them: those that it expects of the language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from flagstone.policies.engines.rego.statements import Word, words

_IMPORT = re.compile(r'(?m)^[ \t]*import[ \t]+([\w.\["\]]+)(?:[ \t]+as[ \t]+(\w+))?')
_NAME = re.compile(r"\w+")
_KEYWORDS = frozenset(
    {
        "as", "contains", "default", "else", "every", "if", "import", "in", "not", "set", "some",
        "with",
    }
)  # fmt: skip
_ELSEWHERE = frozenset({"data", "input"})


@dataclass(frozen=True, slots=True)
class Call:
    """The full name of a function, and where it stands in the text."""

    name: str
    begin: int
    end: int


def calls_of_builtins(rego: str) -> list[Call]:
    """Calls by a name that is neither a rule's of the text nor imported."""
    found = list(words(rego))
    theirs = names_of_rules(found) | _imported(rego) | _ELSEWHERE | _KEYWORDS
    return [
        Call(name, begin, end)
        for name, begin, end in _calls(found)
        if name.partition(".")[0] not in theirs
    ]


def names_of_rules(found: list[Word]) -> set[str]:
    """The first words of what stands where the head of a rule can; `default` is no part of it."""
    names: set[str] = set()
    for before, word in pairwise([Word("", 0, 0, 0, starts_line=True), *found]):
        begins = word.starts_line or before.text in {"}", "default", ""}
        if word.depth == 0 and begins:
            names.add(word.text)
    return names


def _imported(rego: str) -> set[str]:
    return {alias or _NAME.findall(path)[-1] for path, alias in _IMPORT.findall(rego)}


def _calls(found: list[Word]) -> Iterator[tuple[str, int, int]]:
    """Names of one or more parts, right before an opening bracket."""
    name, begin = "", 0
    for before, word, after in zip(found, found[1:], found[2:], strict=False):
        if not (word.text[0].isalpha() or word.text[0] == "_"):
            name = f"{name}." if name and word.text == "." else ""
            continue
        if name.endswith("."):
            name += word.text
        else:
            name, begin = word.text, word.begin
            if before.text == "." and before.end == word.begin:
                name = ""  # a part of what is no name, as in `x[0].y`
        if name and after.text == "(" and after.begin == word.end:
            yield name, begin, word.end
