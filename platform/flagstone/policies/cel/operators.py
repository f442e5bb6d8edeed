"""CEL's operators, fields and indexes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flagstone.policies.cel import numbers
from flagstone.policies.cel.errors import CelError, NotHere
from flagstone.policies.cel.numbers import Unsigned, is_int
from flagstone.policies.cel.scope import Locals, Scope, TooLong
from flagstone.policies.cel.values import (
    NONE,
    OptionalValue,
    compare,
    equal,
    no_overload,
    type_of,
)

Compute = Callable[[Scope, Locals], Any]
LONGEST = 10_000_000


def key(value: Any) -> Any:
    """A value as the key of a map: whole doubles are the integers that they equal."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Unsigned):
        return int(value)
    if isinstance(value, str | int):
        return value
    raise CelError(f"a {type_of(value)} cannot be the key of a map")


def field(holder: Any, name: str) -> Any:
    """`holder.name`; of an optional, an optional."""
    if isinstance(holder, OptionalValue):
        return optional_field(holder, name)
    if isinstance(holder, ClusterOnly):
        raise holder.refusal
    if not isinstance(holder, dict):
        raise CelError(f"no such field: {name} of {type_of(holder)}")
    raise CelError(f"no such key: {name}")


def optional_field(holder: Any, name: str) -> OptionalValue:
    """`holder.?name`: nothing where the field, or what holds it, is not there."""
    if isinstance(holder, OptionalValue):
        return optional_field(holder.value, name) if holder.present else NONE
    if isinstance(holder, ClusterOnly):
        raise holder.refusal
    if isinstance(holder, dict) and name in holder:
        return OptionalValue(holder[name], present=True)
    return NONE


def item(holder: Any, index: Any) -> Any:
    """`holder[index]`; of an optional, an optional."""
    if isinstance(holder, OptionalValue):
        return optional_item(holder, index)
    found = optional_item(holder, index)
    if not found.present:
        missing = (
            f"no such key: {index}" if isinstance(holder, dict) else f"index out of bounds: {index}"
        )
        raise CelError(missing)
    return found.value


def optional_item(holder: Any, index: Any) -> OptionalValue:
    """`holder[?index]`: nothing where the item, or what holds it, is not there."""
    if isinstance(holder, OptionalValue):
        return optional_item(holder.value, index) if holder.present else NONE
    if isinstance(holder, dict):
        place = key(index)
        return OptionalValue(holder[place], present=True) if place in holder else NONE
    if not isinstance(holder, list) or not numbers.is_number(index) or index != int(index):
        raise no_overload("[]", holder, index)
    if 0 <= index < len(holder):
        return OptionalValue(holder[int(index)], present=True)
    return NONE


def unwrapped(value: Any) -> OptionalValue:
    if not isinstance(value, OptionalValue):
        raise CelError(f"an optional is expected, not a {type_of(value)}")
    return value


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise CelError(f"a bool is expected, not a {type_of(value)}")
    return value


class ClusterOnly:
    """A variable that only the API server can fill."""

    type_name = "kubernetes.authorization.Authorizer"

    def __init__(self, name: str) -> None:
        self.refusal = NotHere(f"it asks {name}, which exists only in the cluster")


class PartlyKnown(dict[str, Any]):
    """A map some of whose values only the API server can fill: asking for one of those is refused."""

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if isinstance(value, ClusterOnly):
            raise value.refusal
        return value


def _decided(parts: Sequence[Compute], deciding: bool) -> Compute:  # noqa: FBT001 - `||` or `&&`
    def decide(scope: Scope, names: Locals) -> bool:
        failure: CelError | None = None
        for part in parts:
            try:
                if truth(part(scope, names)) is deciding:
                    return deciding
            except TooLong:
                raise
            except CelError as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return not deciding

    return decide


def _conditional(parts: Sequence[Compute]) -> Compute:
    condition, yes, no = parts
    return lambda scope, names: (yes if truth(condition(scope, names)) else no)(scope, names)


def _eager(function: Callable[..., Any]) -> Callable[[Sequence[Compute]], Compute]:
    def make(parts: Sequence[Compute]) -> Compute:
        if len(parts) == 1:
            (only,) = parts
            return lambda scope, names: function(only(scope, names))
        left, right = parts
        return lambda scope, names: function(left(scope, names), right(scope, names))

    return make


def _add(left: Any, right: Any) -> Any:
    match left, right:
        case (bool(), _) | (_, bool()):
            pass
        case (int(), int()) if type(left) is type(right):
            return numbers.checked(int(left) + int(right), left)
        case (float(), float()) | (bytes(), bytes()):
            return left + right
        case (str(), str()) | (list(), list()):
            if len(left) + len(right) > LONGEST:
                raise TooLong("what it builds is too long")
            return left + right
        case (timedelta(), timedelta()) | (datetime(), timedelta()) | (timedelta(), datetime()):
            return _moved(lambda: left + right)
    raise no_overload("+", left, right)


def _subtract(left: Any, right: Any) -> Any:
    match left, right:
        case (bool(), _) | (_, bool()):
            pass
        case (int(), int()) if type(left) is type(right):
            return numbers.checked(int(left) - int(right), left)
        case (float(), float()):
            return left - right
        case (timedelta(), timedelta()) | (datetime(), timedelta()) | (datetime(), datetime()):
            return _moved(lambda: left - right)
    raise no_overload("-", left, right)


def _moved(move: Callable[[], Any]) -> Any:
    try:
        return move()
    except OverflowError:
        raise CelError("the time is out of range") from None


def _arithmetic(
    sign: str, whole: Callable[[Any, Any], Any], *, doubles: bool
) -> Callable[..., Any]:
    def compute(left: Any, right: Any) -> Any:
        same = type(left) is type(right)
        if same and (
            is_int(left) or isinstance(left, Unsigned) or (doubles and isinstance(left, float))
        ):
            return whole(left, right)
        raise no_overload(sign, left, right)

    return compute


def _multiplied(left: Any, right: Any) -> Any:
    return (
        left * right if isinstance(left, float) else numbers.checked(int(left) * int(right), left)
    )


def _negated(value: Any) -> Any:
    if is_int(value):
        return numbers.checked(-value, value)
    if isinstance(value, float):
        return -value
    raise no_overload("-", value)


def _contained(value: Any, holder: Any) -> bool:
    if isinstance(holder, list):
        return any(equal(value, each) for each in holder)
    if isinstance(holder, dict):
        return (
            not isinstance(value, bool)
            and isinstance(value, str | int | float)
            and key(value) in holder
        )
    raise no_overload("in", value, holder)


LAZY: dict[str, Callable[[Sequence[Compute]], Compute]] = {
    "||": lambda parts: _decided(parts, deciding=True),
    "&&": lambda parts: _decided(parts, deciding=False),
    "?:": _conditional,
    "==": _eager(equal),
    "!=": _eager(lambda left, right: not equal(left, right)),
    "<": _eager(lambda left, right: compare(left, right) < 0),
    "<=": _eager(lambda left, right: compare(left, right) <= 0),
    ">": _eager(lambda left, right: compare(left, right) > 0),
    ">=": _eager(lambda left, right: compare(left, right) >= 0),
    "in": _eager(_contained),
    "+": _eager(_add),
    "-": _eager(_subtract),
    "*": _eager(_arithmetic("*", _multiplied, doubles=True)),
    "/": _eager(_arithmetic("/", numbers.divided, doubles=True)),
    "%": _eager(_arithmetic("%", numbers.remainder, doubles=False)),
    "!_": _eager(lambda value: not truth(value)),
    "-_": _eager(_negated),
}
