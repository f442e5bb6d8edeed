"""Text: the language's own functions and the string library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.operators import LONGEST
from flagstone.policies.cel.scope import TooLong
from flagstone.policies.cel.values import equal, no_overload

_ASCII_DOWN = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_ASCII_UP = {code + 32: code for code in _ASCII_DOWN}


def _text(function: str, *values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise no_overload(function, *values)


def _test(name: str, test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def holds(text: Any, part: Any) -> bool:
        _text(name, text, part)
        return test(text, part)

    return holds


def _changed(name: str, change: Callable[[str], str]) -> Callable[[Any], str]:
    def changed(text: Any) -> str:
        _text(name, text)
        return change(text)

    return changed


def _char_at(text: Any, place: Any) -> str:
    _text("charAt", text)
    if not 0 <= place <= len(text):
        raise CelError(f"index out of range: {place}")
    return str(text[place : place + 1])


def _index_of(holder: Any, part: Any, begin: int = 0) -> int:
    if isinstance(holder, list):
        return next((at for at, value in enumerate(holder) if equal(value, part)), -1)
    _text("indexOf", holder, part)
    if part == "":
        return begin
    if not 0 <= begin <= len(holder):
        raise CelError(f"index out of range: {begin}")
    return int(holder.find(part, begin))


def _last_index_of(holder: Any, part: Any, last: int | None = None) -> int:
    if isinstance(holder, list):
        found = [at for at, value in enumerate(holder) if equal(value, part)]
        return found[-1] if found else -1
    _text("lastIndexOf", holder, part)
    if last is None:
        return int(holder.rfind(part))
    if not 0 <= last <= len(holder):
        raise CelError(f"index out of range: {last}")
    return int(holder.rfind(part, 0, last + len(part)))


def _replace(text: Any, old: Any, new: Any, count: int = -1) -> str:
    _text("replace", text, old, new)
    places = text.count(old) if count < 0 else min(count, text.count(old))
    if places * len(new) > LONGEST:
        raise TooLong("what it builds is too long")
    return str(text.replace(old, new, count))


def _split(text: Any, separator: Any, most: int = -1) -> list[str]:
    _text("split", text, separator)
    if most == 0:
        return []
    if separator:
        return list(text.split(separator, -1 if most < 0 else most - 1))
    letters = list(text)
    if 0 < most < len(letters):
        return [*letters[: most - 1], "".join(letters[most - 1 :])]
    return letters


def _substring(text: Any, begin: int, end: int | None = None) -> str:
    _text("substring", text)
    stop = len(text) if end is None else end
    if not 0 <= begin <= stop <= len(text):
        raise CelError(f"index out of range: {begin}, {stop}")
    return str(text[begin:stop])


def _join(parts: Any, separator: str = "") -> str:
    if not isinstance(parts, list):
        raise no_overload("join", parts)
    _text("join", separator, *parts)
    return separator.join(parts)


def _quoted(text: str) -> str:
    marks = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    marks |= {"\v": "\\v", "\\": "\\\\", '"': '\\"'}
    return '"' + "".join(marks.get(letter, letter) for letter in text) + '"'


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": _test("contains", lambda text, part: part in text),
    "startsWith": _test("startsWith", str.startswith),
    "endsWith": _test("endsWith", str.endswith),
    "charAt": _char_at,
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
    "lowerAscii": _changed("lowerAscii", lambda text: text.translate(_ASCII_DOWN)),
    "upperAscii": _changed("upperAscii", lambda text: text.translate(_ASCII_UP)),
    "trim": _changed("trim", str.strip),
    "replace": _replace,
    "split": _split,
    "substring": _substring,
    "join": _join,
    "strings.quote": _changed("strings.quote", _quoted),
}
