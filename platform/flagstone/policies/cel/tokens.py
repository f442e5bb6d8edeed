"""The words of a CEL expression."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from flagstone.policies.cel.errors import CelSyntaxError
from flagstone.policies.cel.numbers import Unsigned

Kind = Literal["name", "value", "sign", "end"]

_TOKEN = re.compile(
    r"""
    (?P<space>[\s]+|//[^\n]*)
  | (?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
  | (?P<hex>0[xX][0-9a-fA-F]+)(?P<hexu>[uU]?)
  | (?P<int>\d+)(?P<intu>[uU]?)
  | (?P<prefix>(?:[rR][bB]?|[bB][rR]?)?)(?P<quote>\"\"\"|'''|"|')
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<quoted>`[A-Za-z0-9_.\-/ ]+`)
  | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])
    """,
    re.VERBOSE,
)
_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:(?P<short>[abfnrtv\\?\"'`])|[xX](?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|U(?P<U>[0-9a-fA-F]{8})|(?P<octal>[0-3][0-7]{2})|(?P<wrong>.|$))",
    re.DOTALL,
)
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_MOST_INT = 2**63


@dataclass(frozen=True, slots=True)
class Token:
    """One word: `text` of a name or a sign, `value` of a literal, `at` where it begins."""

    kind: Kind
    text: str
    value: Any
    at: int


def tokens(text: str) -> Iterator[Token]:
    """Cut an expression into its words.

    Raises:
        CelSyntaxError: something in it is no word.
    """
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise CelSyntaxError(f"{text[place]!r} stands where nothing like it can", place)
        place = found.end()
        if found["quote"]:
            value, end = _string(text, place, found["prefix"].lower(), found["quote"])
            yield Token("value", text[found.start() : end], value, found.start())
            place = end
        elif not found["space"]:
            yield _word(found)
    yield Token("end", "the end", None, len(text.rstrip()))


def _word(found: re.Match[str]) -> Token:
    text, at = found[0], found.start()
    if found["name"]:
        if text in _WORDS:
            return Token("value", text, _WORDS[text], at)
        return Token("name", text, None, at)
    if found["quoted"]:
        return Token("name", text.strip("`"), None, at)
    if found["double"]:
        return Token("value", text, float(text), at)
    if found["hex"] or found["int"]:
        number = int(found["hex"] or found["int"], 16 if found["hex"] else 10)
        unsigned = bool(found["hexu"] or found["intu"])
        if number >= (2**64 if unsigned else _MOST_INT + 1):
            raise CelSyntaxError(f"the number {text} is too large", at)
        return Token("value", text, Unsigned(number) if unsigned else number, at)
    return Token("sign", text, None, at)


def _string(text: str, begin: int, prefix: str, quote: str) -> tuple[Any, int]:
    raw = "r" in prefix
    place = begin
    while not text.startswith(quote, place):
        if place >= len(text) or (len(quote) == 1 and text[place] == "\n"):
            raise CelSyntaxError("a string has no end", begin - len(quote))
        place += 2 if text[place] == "\\" and not raw else 1
    body = text[begin:place]
    if "b" in prefix:
        content = body.encode() if raw else _bytes(body, begin)
        return content, place + len(quote)
    return body if raw else _unescaped(body, begin), place + len(quote)


def _unescaped(body: str, at: int) -> str:
    def one(found: re.Match[str]) -> str:
        if found["short"]:
            return _ESCAPES[found["short"]]
        digits = found["x"] or found["u"] or found["U"]
        number = int(digits, 16) if digits else int(found["octal"] or "-1", 8)
        if number < 0 or number > 0x10FFFF or 0xD800 <= number < 0xE000:
            raise CelSyntaxError(f"{found[0]} is no escape that CEL knows", at + found.start())
        return chr(number)

    return _ESCAPE.sub(one, body) if "\\" in body else body


def _bytes(body: str, at: int) -> bytes:
    parts: list[bytes] = []
    end = 0
    for found in _ESCAPE.finditer(body):
        parts.append(body[end : found.start()].encode())
        end = found.end()
        if found["x"] or found["octal"]:
            parts.append(bytes([int(found["x"], 16) if found["x"] else int(found["octal"], 8)]))
        else:
            parts.append(_unescaped(found[0], at + found.start()).encode())
    return b"".join([*parts, body[end:].encode()])
