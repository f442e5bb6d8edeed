"""The functions of Terraform that canaries and their policies are written with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from flagstone.core import json_text
from flagstone.policies.terraform.values import (
    JsonText,
    Reference,
    Unknown,
    as_text,
    is_plain,
    unknown_parts,
)

MOST_TEXT = 256 * 1024
MOST_ITEMS = 10_000
Function = Callable[..., Any]


class NotComputed(Exception):
    """The arguments do not fit, or what comes out is too large."""


def call(name: str, arguments: list[Any]) -> Any:
    """What a function makes of its arguments; Unknown where that cannot be told."""
    if not arguments:
        return Unknown(f"{name}() is not worked out here")
    if name in _LENIENT:
        return _LENIENT[name](arguments)
    if name == "jsondecode" and isinstance(arguments[0], Reference):
        return arguments[0]  # what is taken out of it is still part of that attribute
    try:
        return _FUNCTIONS[name](*arguments)
    except (NotComputed, TypeError, ValueError, KeyError, IndexError, RecursionError):
        parts = [part for value in arguments for part in unknown_parts(value)]
        return Unknown(f"{name}(...) cannot be worked out here", made_of=tuple(parts[:100]))


def _text(value: Any) -> str:
    if not is_plain(value) or value is None:
        raise NotComputed
    return as_text(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise NotComputed
    return value


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotComputed
    return value


def _concat(*lists: Any) -> list[Any]:
    joined = [item for each in lists for item in _list(each)]
    if len(joined) > MOST_ITEMS:
        raise NotComputed
    return joined


def _merge(*maps: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for each in maps:
        merged |= {} if each is None else _map(each)
    return merged


def _join(separator: Any, *lists: Any) -> str:
    joined = _text(separator).join(_text(item) for item in _concat(*lists))
    if len(joined) > MOST_TEXT:
        raise NotComputed
    return joined


def _format(template: Any, *arguments: Any) -> str:
    values = iter(arguments)
    text = re.sub(r"%[sdvq%]", lambda found: _placed(found[0], values), _text(template))
    if len(text) > MOST_TEXT:
        raise NotComputed
    return text


def _placed(verb: str, values: Any) -> str:
    if verb == "%%":
        return "%"
    value = _text(next(values, None))
    return json.dumps(value) if verb == "%q" else value


def _replace(source: Any, before: Any, after: Any) -> str:
    text, old, new = _text(source), _text(before), _text(after)
    if old.startswith("/") and old.endswith("/"):
        raise NotComputed  # a pattern of somebody else, whose time has no bound
    if not old or len(text) * max(len(new), 1) > MOST_TEXT:
        raise NotComputed
    return text.replace(old, new)


def _substr(source: Any, start: int, length: int) -> str:
    text = _text(source)
    return text[start:] if length < 0 else text[start:][:length]


def _lookup(source: Any, key: Any, *default: Any) -> Any:
    return _map(source).get(_text(key), *default) if default else _map(source)[_text(key)]


def _as_list(value: Any) -> list[Any]:
    return list(_map(value).values()) if isinstance(value, dict) else list(_list(value))


def _to_number(value: Any) -> float | int:
    text = _text(value)
    return int(text) if re.fullmatch(r"-?\d{1,15}", text) else float(text)


def _compact(items: Any) -> list[Any]:
    return [item for item in _list(items) if item is not None and item != ""]


def _distinct(*lists: Any) -> list[Any]:
    items = _concat(*lists)
    if not all(map(is_plain, items)):
        return items  # of those that are not known nobody can tell whether they are alike
    return list({(type(item), item): item for item in items}.values())


def _zipmap(keys: Any, values: Any) -> dict[str, Any]:
    return dict(zip(map(_text, _list(keys)), _list(values), strict=True))


_FUNCTIONS: dict[str, Function] = {
    "compact": _compact,
    "concat": _concat,
    "distinct": _distinct,
    "element": lambda items, index: _list(items)[int(index) % len(items)],
    "flatten": lambda items: [
        inner for item in _list(items) for inner in (item if isinstance(item, list) else [item])
    ],
    "format": _format,
    "join": _join,
    "jsondecode": lambda text: json_text.loads(_text(text)),
    "jsonencode": JsonText,
    "keys": lambda source: sorted(_map(source)),
    "length": len,
    "lookup": _lookup,
    "lower": lambda text: _text(text).lower(),
    "merge": _merge,
    "nonsensitive": lambda value: value,
    "replace": _replace,
    "sensitive": lambda _value: Unknown("the value is sensitive", sensitive=True),
    "setunion": _distinct,
    "sort": lambda items: sorted(map(_text, _list(items))),
    "substr": _substr,
    "title": lambda text: _text(text).title(),
    "tolist": _as_list,
    "tomap": _map,
    "tonumber": _to_number,
    "toset": _as_list,
    "tostring": _text,
    "trimspace": lambda text: _text(text).strip(),
    "trimprefix": lambda text, start: _text(text).removeprefix(_text(start)),
    "trimsuffix": lambda text, end: _text(text).removesuffix(_text(end)),
    "upper": lambda text: _text(text).upper(),
    "zipmap": _zipmap,
    "values": lambda source: [value for _, value in sorted(_map(source).items())],
}


def _first_known(values: list[Any]) -> Any:
    known = (value for value in values if not isinstance(value, Unknown))
    return next(known, Unknown("nothing in try(...) can be worked out here"))


def _first_given(values: list[Any]) -> Any:
    for value in values:
        if value is not None and value != "":
            return value
    return None


def _only(values: list[Any]) -> Any:
    items = values[0] if values else None
    if not isinstance(items, list):
        return Unknown("one(...) cannot be worked out here")
    return items[0] if items else None


_LENIENT: dict[str, Callable[[list[Any]], Any]] = {
    "try": _first_known,
    "coalesce": _first_given,
    "coalescelist": _first_given,
    "one": _only,
}
