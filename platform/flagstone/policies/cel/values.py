"""CEL's values beside those of JSON, and what holds for all of them: type, equality, order, text."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.numbers import Unsigned, double_text, is_number

_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0,
}  # fmt: skip
_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


@dataclass(frozen=True, slots=True)
class TypeValue:
    """What `type(x)` gives."""

    name: str


@dataclass(frozen=True, slots=True)
class OptionalValue:
    """An optional: `value` counts if it is `present`."""

    value: Any = None
    present: bool = False


NONE = OptionalValue()


@runtime_checkable
class Opaque(Protocol):
    """A value of one of Kubernetes' own types, such as a quantity."""

    type_name: str


_TYPE_NAMES: dict[type, str] = {
    type(None): "null_type",
    bool: "bool",
    Unsigned: "uint",
    int: "int",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    datetime: "google.protobuf.Timestamp",
    timedelta: "google.protobuf.Duration",
    OptionalValue: "optional_type",
    TypeValue: "type",
}


def type_of(value: Any) -> str:
    """The name of its type."""
    name = _TYPE_NAMES.get(type(value))
    if name is None:
        name = value.type_name if isinstance(value, Opaque) else "map"
    return name


def equal(left: Any, right: Any) -> bool:
    """CEL's equality: numbers of all types compare, values of other types differ."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return len(left) == len(right) and all(
            key in right and equal(value, right[key]) for key, value in left.items()
        )
    if isinstance(left, OptionalValue) and isinstance(right, OptionalValue):
        return left.present == right.present and equal(left.value, right.value)
    return type(left) is type(right) and bool(left == right)


def compare(left: Any, right: Any) -> int:
    """-1, 0 or 1.

    Raises:
        CelError: these two have no order.
    """
    if is_number(left) and is_number(right):
        if isinstance(left, float) and isinstance(right, float) and math.isnan(left - right):
            raise CelError("NaN has no order")
    elif type(left) is not type(right) or not isinstance(
        left, str | bytes | bool | datetime | timedelta
    ):
        raise no_overload("<", left, right)
    return int(left > right) - int(left < right)


def no_overload(function: str, *values: Any) -> CelError:
    types = ", ".join(type_of(value) for value in values)
    return CelError(f"no such overload: {function}({types})")


def duration_of(text: str) -> timedelta:
    """A duration as Go writes it: `1h30m`, `-1.5s`."""
    body = text.lstrip("+-")
    parts = _DURATION_PART.findall(body)
    if len(text) - len(body) > 1 or (body != "0" and "".join(map("".join, parts)) != body):
        raise CelError(f"{text!r} is no duration")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    try:
        return timedelta(seconds=-seconds if text.startswith("-") else seconds)
    except OverflowError:
        raise CelError(f"the duration {text!r} is too long") from None


def timestamp_of(text: str) -> datetime:
    """A timestamp of RFC 3339."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise CelError(f"{text!r} is no timestamp")
    fraction = (found[2] or "")[:7]
    zone = "+00:00" if found[3] in {"Z", "z"} else found[3]
    try:
        return datetime.fromisoformat(f"{found[1]}{fraction}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise CelError(f"{text!r} is no timestamp") from None


def text_of(value: Any) -> str:
    """`string(...)`."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(int(value))
        case float():
            return double_text(value)
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise CelError("these bytes are no text in UTF-8") from None
        case timedelta():
            return f"{double_text_plain(value.total_seconds())}s"
        case datetime():
            return timestamp_text(value)
        case _:
            raise no_overload("string", value)


def timestamp_text(value: datetime) -> str:
    base = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{value.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{base}{fraction}Z"


def double_text_plain(value: float) -> str:
    """Without an exponent."""
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    return text or "0"
