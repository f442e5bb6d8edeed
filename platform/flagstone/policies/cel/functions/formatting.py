"""`"...".format([...])`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.numbers import double_text
from flagstone.policies.cel.values import TypeValue, no_overload, text_of, type_of

_CLAUSE = re.compile(r"%(?:(%)|(?:\.(\d{1,3}))?([sdfeboxX]))|%")


def _format(pattern: Any, values: Any) -> str:
    if not isinstance(pattern, str) or not isinstance(values, list):
        raise no_overload("format", pattern, values)
    rest = iter(values)

    def one(found: re.Match[str]) -> str:
        if found[1]:
            return "%"
        if not found[3]:
            raise CelError(f"the format {pattern!r} has a clause that does not exist")
        try:
            value = next(rest)
        except StopIteration:
            raise CelError(f"the format {pattern!r} has more clauses than values") from None
        return _CLAUSES[found[3]](value, int(found[2]) if found[2] else 6)

    return _CLAUSE.sub(one, pattern)


def _shown(value: Any, _places: int = 0) -> str:
    match value:
        case None:
            return "null"
        case list():
            return f"[{', '.join(map(_shown, value))}]"
        case dict():
            pairs = sorted((_shown(key), _shown(item)) for key, item in value.items())
            return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"
        case TypeValue():
            return value.name
        case float() if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
        case bool() | int() | float() | str() | bytes() | datetime() | timedelta():
            return text_of(value)
        case _:
            raise CelError(f"%s shows no {type_of(value)}")


def _whole(value: Any, _places: int) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CelError(f"%d shows no {type_of(value)}")
    return double_text(value) if isinstance(value, float) else str(int(value))


def _fixed(value: Any, places: int) -> str:
    return _number("f", value) or f"{float(value):.{places}f}"


def _scientific(value: Any, places: int) -> str:
    return _number("e", value) or f"{float(value):.{places}e}"


def _number(clause: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CelError(f"%{clause} shows no {type_of(value)}")
    return "" if math.isfinite(value) else double_text(value)


def _binary(value: Any, _places: int) -> str:
    if not isinstance(value, int):
        raise CelError(f"%b shows no {type_of(value)}")
    return f"{int(value):b}"


def _octal(value: Any, _places: int) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise CelError(f"%o shows no {type_of(value)}")
    return f"{int(value):o}"


def _hexadecimal(value: Any, _places: int) -> str:
    if isinstance(value, str | bytes):
        return (value.encode() if isinstance(value, str) else value).hex()
    if isinstance(value, bool) or not isinstance(value, int):
        raise CelError(f"%x shows no {type_of(value)}")
    return f"{int(value):x}"


_CLAUSES: dict[str, Callable[[Any, int], str]] = {
    "s": _shown,
    "d": _whole,
    "f": _fixed,
    "e": _scientific,
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": lambda value, places: _hexadecimal(value, places).upper(),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {"format": _format}
