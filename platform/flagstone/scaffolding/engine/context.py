"""Finishing a cookiecutter context: cookiecutter's own rules, except that a given value is never rendered.

cookiecutter renders what people answer as a template, which makes a form field remote code execution. Here
only the expressions that the template's author wrote in cookiecutter.json are rendered.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from jinja2 import TemplateError

_TRUE = ("1", "true", "t", "yes", "y", "on")
_FALSE = ("0", "false", "f", "no", "n", "off")
# templates of older cookiecutters ask for what came along with those; the tags are the same
_RENAMED = {"jinja2_time.TimeExtension": "cookiecutter.extensions.TimeExtension"}
# cookiecutter adds these itself; here they name nothing of this machine, so that a render can be repeated
_NEUTRAL = {"_output_dir": ".", "_repo_dir": "", "_checkout": None}


class ContextError(Exception):
    """A value cannot be finished; `key` is the variable of cookiecutter.json."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"'{key}' {reason}")
        self.key = key


class _Template(Protocol):
    def render(self, **values: Any) -> str: ...


class Renderer(Protocol):
    """The part of a Jinja environment that is needed; it has to be a sandboxed one."""

    def from_string(self, source: str) -> _Template: ...


@dataclass(frozen=True, slots=True)
class _Given:
    """Marks a value that came from outside, so that nothing renders it."""

    value: Any


def declared_by(
    folder: Path, given: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a layer declares; without a cookiecutter.json it takes whatever is given.

    Args:
        folder: Of the layer.
        given: Values of the step.
        options: Backstage's, laid over what the layer itself says.

    Raises:
        json.JSONDecodeError: cookiecutter.json is not valid JSON.
    """
    settings = folder / "cookiecutter.json"
    declared: dict[str, Any] = (
        json.loads(settings.read_text(encoding="utf-8"), object_pairs_hook=OrderedDict)
        if settings.exists()
        else dict.fromkeys(given, "")
    )
    for option, key in (
        ("copyWithoutRender", "_copy_without_render"),
        ("extensions", "_extensions"),
    ):
        if more := options.get(option):
            declared[key] = [*declared.get(key, ()), *more]
    if asked := declared.get("_extensions"):
        declared["_extensions"] = [_RENAMED.get(str(name), name) for name in asked]
    return declared


def finish_context(
    declared: Mapping[str, Any],
    given: Mapping[str, Any],
    renderer: Renderer,
    *,
    address: str = "",
    begin: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Return the whole context for `generate_files`: `cookiecutter` and the raw `_cookiecutter`.

    Args:
        declared: The content of cookiecutter.json, in its order.
        given: Values that win over the declared ones; they come out as those very characters.
        renderer: Renders the expressions among the declared values.
        address: Where the template comes from.
        begin: Told the name of each variable before it is finished.
    """
    refuse_foreign_keys(declared, given)
    effective = {
        key: _overlay(raw, given[key]) if key in given else raw for key, raw in declared.items()
    }
    # as Backstage merges them into cookiecutter.json; here they are data all the same
    effective |= {key: _Given(value) for key, value in given.items() if key not in declared}
    effective.pop("__prompts__", None)
    finished: dict[str, Any] = {}
    for key, raw in effective.items():
        if _is_private(key):
            finished[key] = raw
        elif key.startswith("__") or not _is_mapping(raw):
            begin(key)
            finished[key] = _finish(key, raw, finished, renderer)
    # mappings last: their keys and values may refer to everything above
    for key, raw in effective.items():
        if _is_mapping(raw) and not _is_private(key):
            begin(key)
            finished[key] = _finish(key, raw, finished, renderer)
    plain = {
        key: _unmark(_choice_first(key, raw, finished))
        for key, raw in effective.items()
        if not key.startswith("_")
    }
    ordered = {key: finished[key] for key in effective}
    return {"cookiecutter": ordered | {"_template": address} | _NEUTRAL, "_cookiecutter": plain}


def refuse_foreign_keys(declared: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raise ContextError for a value that is the template's private matter."""
    for key in given:
        if key.startswith("_"):
            raise ContextError(key, "is private to the template and cannot be given")
    if {"template", "templates"} & set(declared):
        raise ContextError(
            "templates", "chooses among nested templates; use the inner one as the layer"
        )


def _is_private(key: str) -> bool:
    return key.startswith("_") and not key.startswith("__")


def _is_mapping(raw: Any) -> bool:
    return isinstance(raw.value if isinstance(raw, _Given) else raw, dict)


def _overlay(raw: Any, given: Any) -> Any:
    """Lay a given value over a declared one; a mapping is laid over key by key, new keys are data as well."""
    if isinstance(raw, dict) and isinstance(given, dict):
        laid = {
            key: _overlay(value, given[key]) if key in given else value
            for key, value in raw.items()
        }
        return laid | {_Given(key): _Given(value) for key, value in given.items() if key not in raw}
    if isinstance(raw, list | bool):
        return _Chosen(raw, given)
    if isinstance(raw, int | float) and str(given) == str(raw):
        return raw  # a form sends a number back as text; in `_cookiecutter` it stays the number
    return _Given(given)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A given value for a declared choice or yes/no."""

    raw: Any
    value: Any


def _finish(key: str, raw: Any, finished: Mapping[str, Any], renderer: Renderer) -> Any:
    try:
        if isinstance(raw, _Chosen):
            return _pick(key, raw, finished, renderer)
        if isinstance(raw, list) and not key.startswith("__"):
            if not raw:
                raise ContextError(key, "has an empty list of choices")
            return _render(raw[0], finished, renderer)
        return _render(raw, finished, renderer)
    except (
        TemplateError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        ArithmeticError,
    ) as error:
        raise ContextError(key, f"has a default that cannot be rendered: {error}") from error


def _pick(key: str, chosen: _Chosen, finished: Mapping[str, Any], renderer: Renderer) -> Any:
    if isinstance(chosen.raw, bool):
        return _yes_or_no(key, chosen.value)
    options = [_render(option, finished, renderer) for option in chosen.raw]
    number = _position(options, chosen.value)
    if number is None:
        # a form shows an option that is an expression as it was written
        number = _position(chosen.raw, chosen.value)
    if number is None:
        offered = ", ".join(str(option) for option in options)
        raise ContextError(key, f"must be one of {offered}")
    return options[number]


def _position(options: list[Any], value: Any) -> int | None:
    return next((n for n, option in enumerate(options) if str(option) == str(value)), None)


def _yes_or_no(key: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _TRUE + _FALSE:
        raise ContextError(key, "must be yes or no")
    return word in _TRUE


def _render(raw: Any, finished: Mapping[str, Any], renderer: Renderer) -> Any:
    if isinstance(raw, _Given):
        return _as_cookiecutter(raw.value)
    if isinstance(raw, _Chosen):
        if isinstance(raw.raw, bool) and isinstance(raw.value, str):
            return _yes_or_no("a mapping", raw.value)
        # inside a mapping cookiecutter knows no choices: what is given replaces them
        return _as_cookiecutter(raw.value)
    if raw is None or isinstance(raw, bool):
        return raw
    if isinstance(raw, dict):
        return {
            _render(key, finished, renderer): _render(value, finished, renderer)
            for key, value in raw.items()
        }
    if isinstance(raw, list):
        return [_render(item, finished, renderer) for item in raw]
    return renderer.from_string(str(raw)).render(cookiecutter=finished)


def _as_cookiecutter(value: Any) -> Any:
    """Give a value the type that cookiecutter would: numbers become texts, the rest stays."""
    if isinstance(value, dict):
        return {str(key): _as_cookiecutter(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_cookiecutter(item) for item in value]
    return value if value is None or isinstance(value, bool) else str(value)


def _choice_first(key: str, raw: Any, finished: Mapping[str, Any]) -> Any:
    """Put a chosen option at the front of its list, as cookiecutter keeps it in `_cookiecutter`."""
    if not isinstance(raw, _Chosen):
        return raw
    if isinstance(raw.raw, bool):
        return finished[key]
    rest = [option for option in raw.raw if str(option) != str(raw.value)]
    return [raw.value, *rest]


def _unmark(raw: Any) -> Any:
    if isinstance(raw, _Given | _Chosen):
        return raw.value
    if isinstance(raw, dict):
        return {_unmark(key): _unmark(value) for key, value in raw.items()}
    return raw
