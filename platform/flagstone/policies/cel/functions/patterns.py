"""Regular expressions: those of RE2, in time that is bounded."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import regex

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.scope import TooLong
from flagstone.policies.cel.values import no_overload

_SECONDS = 1.0
_NOT_RE2 = ("(?=", "(?!", "(?<=", "(?<!", "(?#", "(?>", "(?P=", "(?(")
_PROPERTY = re.compile(r"\\[pP]\{[^}]*\}")
_COUNT = re.compile(r"\{\d+(?:,\d*)?\}")


def search(pattern: str, text: str) -> Any:
    """The first match of a pattern in a text, or None.

    Raises:
        CelError: RE2 would refuse the pattern, or it takes too long.
    """
    try:
        return compiled(pattern).search(text, timeout=_SECONDS)
    except TimeoutError:
        raise TooLong(f"the pattern {pattern!r} takes too long") from None


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """A pattern of RE2 as `regex` understands it.

    Raises:
        CelError: it is none.
    """
    try:
        return regex.compile(_translated(pattern), regex.ASCII | regex.VERSION0)
    except (regex.error, RecursionError, OverflowError) as error:
        raise CelError(f"{pattern!r} is no regular expression: {error}") from None


def _translated(pattern: str) -> str:
    """RE2's `$` is the very end, a brace without a count means itself; what only other dialects have is refused."""
    made: list[str] = []
    place, in_class = 0, False
    while place < len(pattern):
        letter = pattern[place]
        if letter == "\\":
            escape = _escape(pattern, place, in_class=in_class)
            made.append(r"\Z" if escape == r"\z" else escape)
            place += len(escape)
            continue
        if in_class:
            if pattern.startswith("[:", place) and (end := pattern.find(":]", place)) > 0:
                made.append(pattern[place : end + 2])
                place = end + 2
                continue
            in_class = letter != "]"
        elif letter == "[":
            in_class = True
            begin = place + (2 if pattern[place + 1 : place + 2] == "^" else 1)
            if pattern[begin : begin + 1] == "]":  # a bracket that stands first means itself
                made.append(pattern[place:begin] + r"\]")
                place = begin + 1
                continue
        elif pattern.startswith(_NOT_RE2, place):
            raise CelError(f"{pattern!r} looks around, which RE2 does not")
        elif letter == "$" and "(?m" not in pattern:
            letter = r"\Z"
        elif letter == "{" and not _COUNT.match(pattern, place):
            letter = r"\{"
        made.append(letter)
        place += 1
    return "".join(made)


def _escape(pattern: str, place: int, *, in_class: bool) -> str:
    if named := _PROPERTY.match(pattern, place):
        return named[0]
    pair = pattern[place : place + 2]
    if len(pair) < 2 or (pair[1].isdigit() and pair[1] != "0" and not in_class):
        raise CelError(f"{pattern!r} has a back reference, which RE2 has not")
    return pair


def _texts(function: str, *values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise no_overload(function, *values)


def _matches(text: Any, pattern: Any) -> bool:
    _texts("matches", text, pattern)
    return search(pattern, text) is not None


def _find(text: Any, pattern: Any) -> str:
    _texts("find", text, pattern)
    found = search(pattern, text)
    return str(found[0]) if found else ""


def _find_all(text: Any, pattern: Any, most: int = -1) -> list[str]:
    _texts("findAll", text, pattern)
    try:
        found = [match[0] for match in compiled(pattern).finditer(text, timeout=_SECONDS)]
    except TimeoutError:
        raise TooLong(f"the pattern {pattern!r} takes too long") from None
    return found if most < 0 else found[:most]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "matches": _matches,
    "find": _find,
    "findAll": _find_all,
}
