"""`json.patch` as OPA applies it: RFC 6902, with the first slash of a path left out, or a path as a list."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

_NEEDS = {
    "add": ("path", "value"),
    "copy": ("path", "from"),
    "move": ("path", "from"),
    "remove": ("path",),
    "replace": ("path", "value"),
    "test": ("path", "value"),
}


def patched(document: Any, patches: Any) -> Any:
    """The document with every patch, in their order.

    Raises:
        ValueError: one of them cannot be applied.
    """
    if not isinstance(patches, list) or not all(isinstance(patch, dict) for patch in patches):
        raise ValueError("operand 2 must be an array of objects")
    found = deepcopy(document)
    for patch in patches:
        found = _applied(found, patch)
    return found


def _applied(document: Any, patch: dict[str, Any]) -> Any:
    operation = patch.get("op")
    if "op" not in patch:
        raise ValueError("missing required attribute 'op'")
    if operation not in _NEEDS:
        raise ValueError(f"unrecognized op: '{operation}'")
    for attribute in _NEEDS[operation]:
        if attribute not in patch:
            raise ValueError(f"missing required attribute '{attribute}'")
    path = _path(patch["path"])
    if operation == "test":
        if not _same(_at(document, path), patch["value"]):
            raise ValueError("value from EditTree != patch value")
        return document
    value = deepcopy(patch.get("value"))
    if operation in {"copy", "move"}:
        origin = _path(patch["from"])
        value = deepcopy(_at(document, origin))
        if operation == "move":
            document = _without(document, origin)
    elif operation in {"remove", "replace"} and (path or operation == "remove"):
        document = _without(document, path)
    return document if operation == "remove" else _with(document, path, value)


def _path(written: Any) -> list[Any]:
    if isinstance(written, list):
        return written
    if not isinstance(written, str):
        raise ValueError("path must be a string or an array")  # noqa: TRY004 - OPA's own error
    if not written:
        return []
    parts = written.lstrip("/").split("/")
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def _at(document: Any, path: list[Any]) -> Any:
    for step in path:
        document = document[_key(document, step)]
    return document


def _with(document: Any, path: list[Any], value: Any) -> Any:
    if not path:
        return value
    holder = _at(document, path[:-1])
    if isinstance(holder, list):
        place = len(holder) if path[-1] == "-" else _index(path[-1])
        if place > len(holder):
            raise ValueError("index for array insertion out of bounds")
        holder.insert(place, value)
    elif isinstance(holder, dict) and isinstance(path[-1], str):
        holder[path[-1]] = value
    else:
        raise ValueError(f"expected composite type, found value: {holder}")  # noqa: TRY004
    return document


def _without(document: Any, path: list[Any]) -> Any:
    if not path:
        raise ValueError("the whole document cannot be removed")
    holder = _at(document, path[:-1])
    del holder[_key(holder, path[-1])]
    return document


def _key(holder: Any, step: Any) -> Any:
    """A step that leads somewhere."""
    if isinstance(holder, list):
        place = _index(step)
        if place < len(holder):
            return place
    elif isinstance(holder, dict):
        if isinstance(step, str) and step in holder:
            return step
    else:
        raise ValueError(f'no composite type for path "{step}": {holder}')  # noqa: TRY004
    raise ValueError(f'path "{step}" does not exist')


def _index(step: Any) -> int:
    if isinstance(step, int) and not isinstance(step, bool) and step >= 0:
        return step
    if not isinstance(step, str) or not step.isascii() or not step.isdigit():
        raise ValueError("invalid string for indexing")
    if step != "0" and step.startswith("0"):
        raise ValueError("leading zeros are not allowed in JSON paths")
    return int(step)


def _same(left: Any, right: Any) -> bool:
    """As JSON compares: true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return bool(left == right)
