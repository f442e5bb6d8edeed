"""Patterns for paths as Backstage's actions take them: `*`, `?`, `**`, `{a,b}`, and a folder for all below it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_LONGEST = 300
_MOST_ALTERNATIVES = 50


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Tell whether a path fits one of the patterns, or lies in a folder that does."""
    return any(_compiled(pattern).match(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    wanted = str(pattern)[:_LONGEST].removeprefix("./").rstrip("/")
    alternatives = "|".join(_regex(each) for each in _expanded(wanted))
    return re.compile(rf"(?:{alternatives})(?:/.*)?\Z", re.DOTALL)


def _expanded(pattern: str) -> list[str]:
    """Write `{a,b}` out."""
    waiting, found = [pattern], list[str]()
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
    return found


def _regex(pattern: str) -> str:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    words = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(words.get(piece, re.escape(piece)) for piece in pieces)
