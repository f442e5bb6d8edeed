"""Conversions, sizes and optionals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flagstone.policies.cel import numbers
from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.operators import unwrapped
from flagstone.policies.cel.values import (
    NONE,
    OptionalValue,
    TypeValue,
    duration_of,
    no_overload,
    text_of,
    timestamp_of,
    type_of,
)

_TRUE, _FALSE = {"1", "t", "true", "TRUE", "True", "T"}, {"0", "f", "false", "FALSE", "False", "F"}


def _size(value: Any) -> int:
    if not isinstance(value, str | bytes | list | dict):
        raise no_overload("size", value)
    return len(value)


def _int(value: Any) -> int:
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, timedelta):
        return int(value.total_seconds() * 1_000_000_000)
    if isinstance(value, str) and value.strip() != value:
        raise CelError(f"{value!r} is no integer")
    return numbers.as_int(_number("int", value))


def _number(function: str, value: Any) -> Any:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | str)
        or (isinstance(value, str) and "_" in value)
    ):
        raise no_overload(function, value)
    return value


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in _TRUE or value in _FALSE:
        return value in _TRUE
    raise CelError(f"{value!r} is no bool")


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    raise no_overload("bytes", value)


def _duration(value: Any) -> timedelta:
    return value if isinstance(value, timedelta) else duration_of(value)


def _timestamp(value: Any) -> datetime:
    return value if isinstance(value, datetime) else timestamp_of(value)


def _string(value: Any) -> str:
    text = getattr(value, "text", None)
    return text if isinstance(text, str) else text_of(value)


def _non_zero(value: Any) -> OptionalValue:
    zero = (
        value is None
        or value is False
        or (isinstance(value, int | float | str | bytes | list | dict) and not value)
    )
    return NONE if zero else OptionalValue(value, present=True)


def _or(value: Any, other: Any) -> OptionalValue:
    return value if unwrapped(value).present else unwrapped(other)


def _or_value(value: Any, other: Any) -> Any:
    return value.value if unwrapped(value).present else other


def _held(value: Any) -> Any:
    if not unwrapped(value).present:
        raise CelError("the optional holds nothing")
    return value.value


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "size": _size,
    "int": _int,
    "uint": lambda value: numbers.as_uint(_number("uint", value)),
    "double": lambda value: numbers.as_double(_number("double", value)),
    "bool": _bool,
    "string": _string,
    "bytes": _bytes,
    "type": lambda value: TypeValue(type_of(value)),
    "dyn": lambda value: value,
    "duration": _duration,
    "timestamp": _timestamp,
    "optional.of": lambda value: OptionalValue(value, present=True),
    "optional.none": lambda: NONE,
    "optional.ofNonZeroValue": _non_zero,
    "hasValue": lambda value: unwrapped(value).present,
    "value": _held,
    "or": _or,
    "orValue": _or_value,
}
