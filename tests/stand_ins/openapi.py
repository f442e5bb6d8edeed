"""A large OpenAPI 3 description, cut to the paths that are used and what they refer to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

_PROSE = frozenset({"example", "examples", "externalDocs"})


def cut_openapi(given: dict[str, Any], paths: Iterable[str], *, server: str) -> dict[str, Any]:
    """Return a description of these paths alone."""
    kept = {path: _operations(given["paths"][path]) for path in paths}
    components: dict[str, dict[str, Any]] = {}
    wanted = list(_references(kept))
    while wanted:
        _, _, kind, name = wanted.pop().split("/")
        if name not in components.setdefault(kind, {}):
            found = given["components"][kind][name]
            components[kind][name] = found
            wanted += _references(found)
    for parameter in components.get("parameters", {}).values():
        _take_as_text(parameter)
    return {
        "openapi": "3.0.3",
        "info": {"title": "cut", "version": given["info"]["version"]},
        "servers": [{"url": server}],
        "paths": kept,
        "components": components,
    }


def without_prose(part: Any) -> Any:
    """Return a part of a description without what is written for people, and null allowed where it is said to be."""
    if isinstance(part, list):
        return [without_prose(each) for each in part]
    if not isinstance(part, dict):
        return part
    kept = {}
    for key, value in part.items():
        if key == "description" and isinstance(value, str):
            kept[key] = ""
        elif key == "properties" and isinstance(value, dict):
            kept[key] = {name: without_prose(schema) for name, schema in value.items()}
        elif key not in _PROSE and not key.startswith("x-"):
            kept[key] = without_prose(value)
    # GitHub writes null for what has not come out yet, and lists only what may come out
    if kept.get("nullable") is True and "enum" in kept and None not in kept["enum"]:
        kept["enum"] = [*kept["enum"], None]
    return kept


def _operations(item: dict[str, Any]) -> dict[str, Any]:
    operations = {method: told for method, told in item.items() if method != "parameters"}
    for operation in operations.values():
        for parameter in operation.get("parameters", ()):
            _take_as_text(parameter)
    return operations


def _take_as_text(parameter: dict[str, Any]) -> None:
    """Let the value of a path be any text: it is not told apart from another path's before it is read."""
    if parameter.get("in") == "path":
        parameter["schema"] = {"type": "string"}


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            yield reference
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)
