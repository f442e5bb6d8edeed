"""CEL's numbers: 64 bits, with and without a sign, and doubles that never mix by themselves."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from flagstone.policies.cel.errors import CelError

_LEAST, _MOST = -(2**63), 2**63 - 1


class Unsigned(int):
    """A `uint`."""


def is_int(value: Any) -> bool:
    return type(value) is int


def is_number(value: Any) -> bool:
    return type(value) in {int, float, Unsigned}


def checked(value: int, like: int) -> int:
    """The result of arithmetic on whole numbers, if it fits in 64 bits."""
    if isinstance(like, Unsigned):
        if not 0 <= value < 2**64:
            raise CelError("unsigned integer overflow")
        return Unsigned(value)
    if not _LEAST <= value <= _MOST:
        raise CelError("integer overflow")
    return value


def divided(left: Any, right: Any) -> Any:
    if isinstance(left, float):
        if right == 0:
            return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)
        return left / right
    if right == 0:
        raise CelError("division by zero")
    quotient = abs(left) // abs(right)
    return checked(quotient if (left < 0) == (right < 0) else -quotient, left)


def remainder(left: int, right: int) -> int:
    if right == 0:
        raise CelError("modulus by zero")
    rest = abs(left) % abs(right)
    return checked(-rest if left < 0 else rest, left)


def as_int(value: Any) -> int:
    """`int(...)` of a number or of its text."""
    if isinstance(value, float):
        if not math.isfinite(value) or not _LEAST < value < _MOST:
            raise CelError("integer overflow")
        return math.trunc(value)
    try:
        return checked(int(value), 0)
    except ValueError:
        raise CelError(f"{value!r} is no integer") from None


def as_uint(value: Any) -> Unsigned:
    if isinstance(value, float) and not math.isfinite(value):
        raise CelError("unsigned integer overflow")
    try:
        return Unsigned(checked(int(value), Unsigned(0)))
    except ValueError:
        raise CelError(f"{value!r} is no unsigned integer") from None


def as_double(value: Any) -> float:
    try:
        return float(value)
    except ValueError:
        raise CelError(f"{value!r} is no double") from None


def double_text(value: float) -> str:
    """A double as Kubernetes writes it: without a fraction where there is none, 1e+06 from a million on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    assert isinstance(exponent, int)  # noqa: S101 - it is finite
    power = len(text) - 1 + exponent
    minus = "-" if sign else ""
    if power < -4 or power >= 6:
        fraction = f".{text[1:]}" if text[1:] else ""
        return f"{minus}{text[0]}{fraction}e{'+' if power >= 0 else '-'}{abs(power):02d}"
    return minus + f"{abs(Decimal(repr(value)).normalize()):f}"
