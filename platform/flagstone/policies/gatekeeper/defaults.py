"""Defaults of a structural schema, filled in as the API server does for a constraint's parameters."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from flagstone.policies.manifests.objects import mapping


def with_defaults(value: Any, schema: dict[str, Any]) -> Any:
    """The value with every absent field that has a default; what is given is never changed."""
    if isinstance(value, list):
        items = mapping(schema.get("items"))
        return [with_defaults(item, items) for item in value]
    if not isinstance(value, dict):
        return value
    filled = dict(value)
    for name, field in mapping(schema.get("properties")).items():
        absent = name not in filled or (filled[name] is None and not mapping(field).get("nullable"))
        if absent and "default" in mapping(field):
            filled[name] = deepcopy(field["default"])
        if name in filled:
            filled[name] = with_defaults(filled[name], mapping(field))
    others = mapping(schema.get("additionalProperties"))
    for name in filled.keys() - mapping(schema.get("properties")).keys() if others else ():
        filled[name] = with_defaults(filled[name], others)
    return filled
