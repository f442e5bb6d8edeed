"""What the verbs of Go's `fmt` write that Rego cannot work out: exponents and characters.

Source: the documentation of the packages fmt and strconv of Go.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

_LEAST, _MOST = -4, 6  # the exponents between which %g writes no exponent
_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_FLOATS = {"e": 6, "g": -1, "v": -1}  # how many digits, where nobody says


class NotKnown(Exception):
    """It is not known here what Go writes: the verb, in words."""


def written(flags: str, precision: int, verb: str, value: Any) -> str:
    """One number without its sign and without its width.

    Raises:
        NotKnown: it is not known what Go writes.
    """
    if verb.lower() in _FLOATS:
        if "#" in flags:
            raise NotKnown(f"%#{verb}")
        digits = precision if precision >= 0 else _FLOATS[verb.lower()]
        text = _exponential(value, digits) if verb in "eE" else _general(value, digits)
        return text.upper() if verb.isupper() else text
    if verb == "O":
        return f"0o{value:o}"
    if verb == "U":
        character = f" '{chr(value)}'" if "#" in flags and _is_printable(value) else ""
        return f"U+{value:04X}{character}"
    if verb == "q":
        if not _is_printable(value) or chr(value) in "'\\" or flags:
            raise NotKnown("%q of a number")
        return f"'{chr(value)}'"
    if verb != "c":
        raise NotKnown(f"%{verb} of such a number")
    return chr(value) if value <= _LAST and value not in _SURROGATES else "�"


def _exponential(value: float, digits: int) -> str:
    return f"{value:.{digits}e}"


def _general(value: float, digits: int) -> str:
    if digits >= 0:
        return f"{value:.{digits or 1}g}"
    number = Decimal(repr(value)).normalize()
    exponent = number.adjusted()
    if _LEAST <= exponent < _MOST:
        return f"{number:f}"
    return _exponential(value, len(number.as_tuple().digits) - 1)


def _is_printable(value: int) -> bool:
    return value <= _LAST and value not in _SURROGATES and chr(value).isprintable()
