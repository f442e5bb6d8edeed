"""Patterns for paths as Backstage's actions take them: `*`, `?`, `**`, `{a,b}`, and a folder for all below it.

No regular expression: a template's author writes the patterns, and one with many stars would never end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_LONGEST = 300
_MOST_ALTERNATIVES = 50
_ANY = "**"


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Tell whether a path fits one of the patterns, or lies in a folder that does."""
    parts = path.split("/")
    return any(_fits(each, parts) for pattern in patterns for each in _alternatives(str(pattern)))


def _fits(pattern: tuple[str, ...], parts: list[str]) -> bool:
    """Go through the path once, with every place of the pattern where one may be by then."""
    places = _with_skips({0}, pattern)
    for part in parts:
        if len(pattern) in places:
            break
        places = _with_skips(
            {place for place in places if pattern[place] == _ANY}
            | {place + 1 for place in places if _part_fits(pattern[place], part)},
            pattern,
        )
    return len(pattern) in places


def _with_skips(places: set[int], pattern: tuple[str, ...]) -> set[int]:
    """Add the places behind each `**`, which may stand for nothing."""
    found = set(places)
    for place in sorted(places):
        after = place
        while after < len(pattern) and pattern[after] == _ANY:
            after += 1
            found.add(after)
    return found


def _part_fits(pattern: str, text: str) -> bool:
    """Match one part: the last star takes more whenever what follows it does not fit."""
    place = at = 0
    star, taken = -1, 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, taken = place, at
            place += 1
        elif place < len(pattern) and pattern[place] in ("?", text[at]):
            place, at = place + 1, at + 1
        elif star >= 0:
            taken += 1
            place, at = star + 1, taken
        else:
            return False
    return not pattern[place:].strip("*")


@lru_cache(maxsize=256)
def _alternatives(pattern: str) -> tuple[tuple[str, ...], ...]:
    """Write `{a,b}` out, and split each alternative into its parts."""
    waiting, found = [pattern[:_LONGEST].removeprefix("./").rstrip("/")], list[str]()
    while waiting and len(waiting) + len(found) <= _MOST_ALTERNATIVES:
        each = waiting.pop()
        braces = re.search(r"\{([^{}]*)\}", each)
        if braces is None or "," not in braces[1]:
            found.append(each)
        else:
            waiting += [
                each[: braces.start()] + option + each[braces.end() :]
                for option in braces[1].split(",")
            ]
    return tuple(tuple(each.split("/")) for each in found)
