"""The patterns that templates write for answers: JavaScript's, matched in a time that no template decides about.

Python's own `re` has no limit on time, and holds every other thread of a web process while it matches; `regex` has one
and does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import regex

LONGEST = 1000
SECONDS = 0.25
_WORD, _DIGIT = "A-Za-z0-9_", "0-9"
_PIECE = re.compile(
    r"\\u\{(?P<code>[0-9A-Fa-f]{1,6})\}|(?P<property>\\[pP]\{[^}]*\})|\\k<(?P<back>\w+)>|\\(?P<escaped>.)"
    r"|(?P<counted>\{\d+(?:,\d*)?\})|(?P<plain>.)",
    re.DOTALL,
)


class PatternWrong(Exception):
    """No pattern that can be matched."""


class PatternTooSlow(Exception):
    """A pattern that tries so many ways that nobody can wait for the last."""

    def __init__(self, pattern: str) -> None:
        super().__init__(f"could not be checked in time: its pattern {pattern} takes too long")


def found_in(text: str, pattern: str) -> bool:
    """Tell whether a pattern fits some part of a text.

    Raises:
        PatternWrong: It is no pattern.
        PatternTooSlow: It takes longer than anybody should wait.
    """
    try:
        return compiled(pattern).search(text, timeout=SECONDS) is not None
    except TimeoutError as error:
        raise PatternTooSlow(pattern) from error


@lru_cache(maxsize=256)
def compiled(pattern: str) -> regex.Pattern[str]:
    """Return what matches a pattern.

    Raises:
        PatternWrong: It is none.
    """
    if len(pattern) > LONGEST:
        raise PatternWrong(f"it is longer than {LONGEST} characters")
    try:
        return regex.compile("".join(_in_python(pattern)))
    except (regex.error, ValueError, OverflowError, RecursionError) as error:
        raise PatternWrong(str(error)) from error


def _in_python(pattern: str) -> Iterator[str]:
    """Say a pattern in the words of `regex`: $ is the very end, digits and words are ASCII, a lone brace is itself."""
    in_class = False
    for piece in _PIECE.finditer(pattern):
        match piece.lastgroup:
            case "code":
                yield f"\\U{int(piece['code'], 16):08x}"
            case "back":
                yield f"(?P={piece['back']})"
            case "escaped":
                yield _escaped(piece["escaped"], in_class=in_class)
            case "counted" | "property":
                yield piece[0]
            case _:
                yield _plain(piece["plain"], in_class=in_class)
                in_class = piece["plain"] == "[" or (in_class and piece["plain"] != "]")


def _escaped(letter: str, *, in_class: bool) -> str:
    ascii_only = {"d": _DIGIT, "w": _WORD}
    if letter.lower() in ascii_only and (letter.islower() or not in_class):
        words = ascii_only[letter.lower()]
        negation = "^" if letter.isupper() else ""
        return words if in_class else f"[{negation}{words}]"
    return f"\\{letter}"


def _plain(letter: str, *, in_class: bool) -> str:
    if in_class:
        return r"\[" if letter == "[" else letter
    return {"$": r"\Z", "{": r"\{"}.get(letter, letter)
