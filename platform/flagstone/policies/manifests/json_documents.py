"""A JSON file as the same kind of document that a YAML file gives."""

from __future__ import annotations

import json
from typing import Any

from flagstone.core.json_text import nested_too_deeply
from flagstone.policies.manifests.documents import Broken, Document
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.values import DuplicateKey


def read_json(text: str, limits: Limits) -> Document | Broken:
    """Read the one document of a JSON file. The line of a duplicate key is not known: 0."""
    duplicates: dict[str, None] = {}

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for key, item in items:
            if key in value:
                duplicates[key] = None
            value[key] = item
        return value

    if nested_too_deeply(text):
        return _too_deep(limits)
    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return Broken(0, error.lineno, error.msg)
    except UnicodeEncodeError:
        return Broken(0, 1, "an escape stands for half a character")
    except ValueError as error:  # such as a number of 5,000 digits
        return Broken(0, 1, str(error))
    if _deeper_than(value, limits.depth):
        return _too_deep(limits)
    return Document(value, 0, 0, tuple(DuplicateKey(key, 0) for key in duplicates))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _too_deep(limits: Limits) -> Broken:
    return Broken(0, 1, f"nested more than {limits.depth} levels deep", limit=True)


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(inner, dict | list) for inner in level)
