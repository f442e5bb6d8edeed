"""Kubernetes' quantities: `quantity("1Gi")`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.functions.versions import Version
from flagstone.policies.cel.numbers import checked
from flagstone.policies.cel.values import no_overload
from flagstone.policies.manifests.quantities import parse_quantity


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity; two that are worth the same are equal."""

    value: Decimal
    type_name = "kubernetes.Quantity"


def _quantity(text: Any) -> Quantity:
    value = parse_quantity(text) if isinstance(text, str) else None
    if value is None:
        raise CelError(f"{text!r} is no quantity")
    return Quantity(value)


def _sign(of: Any) -> int:
    value = of.value
    return int(value > 0) - int(value < 0)


def _is_integer(of: Any) -> bool:
    return bool(of.value == of.value.to_integral_value() and abs(of.value) < 2**63)


def _as_integer(of: Any) -> int:
    if not _is_integer(of):
        raise CelError("the quantity is no integer")
    return checked(int(of.value), 0)


def _other(of: Any, value: Any) -> Decimal:
    if not isinstance(of, Quantity):
        raise no_overload("add", of, value)
    if isinstance(value, Quantity):
        return value.value
    if type(value) is int:
        return Decimal(value)
    raise no_overload("add", of, value)


def _order(left: Any, right: Any) -> int:
    """-1, 0 or 1, of two quantities or two versions."""
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        return int(left.value > right.value) - int(left.value < right.value)
    if isinstance(left, Version) and isinstance(right, Version):
        return left.order(right)
    raise no_overload("compareTo", left, right)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "quantity": _quantity,
    "isQuantity": lambda text: isinstance(text, str) and parse_quantity(text) is not None,
    "sign": _sign,
    "isInteger": _is_integer,
    "asInteger": _as_integer,
    "asApproximateFloat": lambda of: float(of.value),
    "add": lambda of, value: Quantity(of.value + _other(of, value)),
    "sub": lambda of, value: Quantity(of.value - _other(of, value)),
    "compareTo": _order,
    "isLessThan": lambda left, right: _order(left, right) < 0,
    "isGreaterThan": lambda left, right: _order(left, right) > 0,
}
