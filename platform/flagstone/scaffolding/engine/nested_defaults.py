"""Defaults below the top of an answer: what Backstage's form fills into objects and the entries of lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def with_nested_defaults(schema: Any, value: Any) -> Any:
    """Return a value with the defaults of its schema where it says nothing; None where nothing has one."""
    default = _default(schema, None)
    return default if value is None else _laid_over(default, value, schema)


def _default(schema: Any, from_above: Any) -> Any:
    """Return the default of a schema; what the object around it says of it wins."""
    if not isinstance(schema, Mapping):
        return from_above
    own = schema.get("default", schema.get("const")) if from_above is None else from_above
    if own is not None and not isinstance(own, dict):
        return _laid_over(None, own, schema)
    said = own or {}
    found = {
        name: default
        for name, below in _properties(schema).items()
        if (default := _default(below, said.get(name))) is not None
    }
    return said | found if own is not None or found else None


def _laid_over(default: Any, value: Any, schema: Any) -> Any:
    if isinstance(value, list) and isinstance(schema, Mapping):
        return [_entry(schema.get("items"), item) for item in value]
    base = default if isinstance(default, dict) else {}
    below = _properties(schema)
    if not isinstance(value, dict) or not (base or below):
        return value  # an answer may nest deeper than its schema: nothing follows it there
    return base | {
        name: _laid_over(base.get(name), item, below.get(name)) for name, item in value.items()
    }


def _entry(schema: Any, item: Any) -> Any:
    return item if item is None else with_nested_defaults(schema, item)


def _properties(schema: Any) -> Mapping[str, Any]:
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}
