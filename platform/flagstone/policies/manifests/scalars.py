"""What a plain YAML scalar means to Kubernetes.

Kubernetes reads YAML with go-yaml v2: `y` and `off` are booleans, `014` is twelve, `1:30` and dates
stay text. PyYAML differs in each of these, so scalars are resolved here.
"""

from __future__ import annotations

import math
import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False
    ),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMBER_START = frozenset("+-.0123456789")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_BASES = (16, 2, 8, 10)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_STRAY_UNDERSCORE = re.compile(r"(?<![0-9])_|_(?![0-9])")
_LONGEST_NUMBER = 400  # digits beyond this are text: converting them costs more than linear time


def resolve(text: str) -> Scalar:
    """The value of an unquoted, untagged scalar."""
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMBER_START else text


def resolve_tagged(text: str, tag: str) -> Scalar:
    """The value of a scalar with an explicit tag; unknown tags change nothing, as in kubectl."""
    if tag in {"tag:yaml.org,2002:str", "tag:yaml.org,2002:binary", "!"}:
        return text
    value = resolve(text)
    if tag == "tag:yaml.org,2002:float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def key_text(value: Scalar) -> str | None:
    """A mapping key as JSON has it; None if it cannot be one."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _number(text: str) -> Scalar:
    if text[0] == "." and _STRAY_UNDERSCORE.search(text):
        return text
    plain = text.replace("_", "")
    if len(plain) > _LONGEST_NUMBER:
        return text
    if found := _INTEGER.fullmatch(plain):
        for digits, base in zip(found.groups()[1:], _BASES, strict=True):
            if digits is not None:
                return _bounded(int(found[1] + digits, base), text)
    if _FLOAT.fullmatch(plain):
        value = float(plain)
        return text if math.isinf(value) else value
    return text


def _bounded(value: int, text: str) -> Scalar:
    """Go has 64 bits: beyond them a decimal becomes a float, anything else stays text."""
    if -(2**63) <= value < 2**64:
        return value
    return float(value) if _FLOAT.fullmatch(text) else text
