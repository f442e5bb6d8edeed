"""The parameters of a check, read from a scorecard into the check's own frozen dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, get_type_hints


class ParamsError(ValueError):
    """A parameter that does not exist or does not fit.

    Attributes:
        key: the parameter.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def read_params(shape: type[Any], values: Mapping[str, Any]) -> Any:
    """Build the dataclass `shape`; its fields are int, float, str, bool or tuples of str."""
    hints = get_type_hints(shape)
    names = [field.name for field in dataclasses.fields(shape)]
    for key in values:
        if key not in names:
            known = f"it has {', '.join(names)}" if names else "it has none"
            raise ParamsError(key, f"the check has no parameter {key!r}: {known}")
    return shape(**{key: _value(key, hints[key], value) for key, value in values.items()})


def _value(key: str, wanted: Any, value: Any) -> Any:
    if wanted == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise ParamsError(key, f"{key} must be a list of texts")
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is wanted:
        return value
    raise ParamsError(key, f"{key} must be {_NAMES[wanted]}, not {value!r}")


_NAMES = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
