"""What an answer that is written as JSON looks like, from the schema that it has to fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_DEEPEST = 4
_EMPTY: Mapping[str, Any] = {"boolean": False, "integer": 0, "number": 0, "array": [], "object": {}}


def json_example(schema: Mapping[str, Any]) -> str:
    """Return a small answer that names every part of the schema."""
    return json.dumps(_example(schema, 0), ensure_ascii=False)


def _example(schema: Any, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return "…"
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    if isinstance(parts := schema.get("properties"), dict):
        return {name: _example(part, depth + 1) for name, part in parts.items()}
    if schema.get("items"):
        return [_example(schema["items"], depth + 1)]
    return _EMPTY.get(str(schema.get("type")), "…")
