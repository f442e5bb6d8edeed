"""Which of the fields that may stand in a place a misnamed one is likely to mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

_CLOSE = 0.8
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


def misspelt(name: str, fields: Iterable[str]) -> list[str]:
    """The fields that are spelt nearly so, the nearest first; only those that are spelt the same but for their form."""
    fields = list(fields)
    close = get_close_matches(name, fields, n=len(fields) or 1, cutoff=_CLOSE)
    same = [field for field in close if words(field) == words(name)]
    return same or close


def longer(name: str, fields: Iterable[str]) -> list[str]:
    """The fields whose names have all words of this one, side by side: setWeight for weight."""
    wanted = words(name)
    if not wanted:
        return []
    return sorted(
        field for field in fields if field.startswith(name) or _holds(words(field), wanted)
    )


def guess(name: str, fields: Iterable[str]) -> str | None:
    """The one field that is at all like it."""
    return next(iter(get_close_matches(name, sorted(fields), n=1)), None)


def words(name: str) -> list[str]:
    """The words of a name in the singular: http2 max request of http2MaxRequests."""
    return [word.lower().removesuffix("s") for word in _WORD.findall(name)]


def _holds(those: list[str], wanted: list[str]) -> bool:
    length = len(wanted)
    starts = range(len(those) - length + 1)
    return any(those[start : start + length] == wanted for start in starts)
