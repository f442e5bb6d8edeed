"""Imports that the engine takes otherwise than OPA does."""

from __future__ import annotations

import re
from itertools import pairwise

from flagstone.policies.engines.rego.statements import Edit, Word, edited, statements

_IMPORT = re.compile(
    r'^[ \t]*import[ \t]+(data\.lib(?:\.\w+|\["\w+"\])*)(?:[ \t]+as[ \t]+(\w+))?[ \t]*;?[ \t]*(?:#.*)?$',
    re.MULTILINE,
)
_IMPORT_OF_V1 = re.compile(r"(?m)^[ \t]*import[ \t]+rego\.v1[ \t]*;?(?=[ \t]*(?:#.*)?$)")
_SEGMENT = re.compile(r'\["(\w+)"\]')
_LOOKS_INTO = frozenset("(.[")


def without_import_of_v1(rego: str) -> str:
    """The text without `import rego.v1`, by which the engine takes every `v1` for what is imported."""
    return _IMPORT_OF_V1.sub("", rego)


def expand_imports(rego: str) -> str:
    """Replace each imported library name where it means the library, as the engine cannot call what is imported.

    Lines stay as they are.
    """
    paths: dict[str, str] = {}
    for path, alias in _IMPORT.findall(rego):
        whole = _SEGMENT.sub(r".\1", path)
        paths[alias or whole.rpartition(".")[2]] = whole
    if not paths:
        return rego
    body = _IMPORT.sub("", rego)
    edits = [edit for statement in statements(body) for edit in _replaced(statement, paths)]
    return edited(body, edits)


def _replaced(statement: list[Word], paths: dict[str, str]) -> list[Edit]:
    own = _own_names(statement)
    found = []
    for place, word in enumerate(statement[1:], start=1):
        path = paths.get(word.text)
        if path is None or word.text in own or statement[place - 1].text == ".":
            continue
        after = statement[place + 1].text if place + 1 < len(statement) else ""
        if after not in {":", ":="}:
            found.append(Edit(word.begin, word.end, path))
    return found


def _own_names(statement: list[Word]) -> set[str]:
    """What a rule names itself: arguments of its head, and variables."""
    names: set[str] = set()
    if len(statement) > 1 and statement[1].text == "(":
        for word in statement[2:]:
            if word.text == ")" and word.depth == 0:
                break
            names.add(word.text)
    for before, word in pairwise(statement):
        if word.text == ":=":
            names.add(before.text)
    names |= _declared(statement)
    return names


def _declared(statement: list[Word]) -> set[str]:
    """The names after each `some` or `every`, with commas between them."""
    names: set[str] = set()
    listing = False
    for before, word in pairwise(statement):
        if before.text in {"some", "every"}:
            listing = True
        elif before.text != ",":
            listing = False
        if listing and word.text != ",":
            names.add(word.text)
        listing = listing or (word.text == "," and before.text in names)
    return names
