"""`$text`, `$json` and `$yaml`: a value that stands in another file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flagstone.catalog.engine.composing import Fault
from flagstone.catalog.engine.documents import read_documents
from flagstone.catalog.engine.faults import FieldFault, Level
from flagstone.core import json_text

_KINDS = frozenset({"$text", "$json", "$yaml"})

# gives the content of what a placeholder names; raises Unresolved with the reason
Resolver = Callable[[str], bytes]


class Unresolved(Exception):
    """Why a placeholder cannot be filled in."""


def is_placeholder(value: Any) -> bool:
    """Tell whether a value is `{$text: <where>}` or one of its kin, and nothing else."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((key, where),) = value.items()
    return key in _KINDS and isinstance(where, str)


def fill_in(raw: dict[str, Any], resolve: Resolver) -> tuple[dict[str, Any], list[FieldFault]]:
    """Return the document with its placeholders replaced; one that cannot be is left, with a warning."""
    if not _holds_one(raw):
        return raw, []
    faults: list[FieldFault] = []
    filled: dict[str, Any] = _fill(raw, resolve, (), faults)
    return filled, faults


def _holds_one(value: Any) -> bool:
    if isinstance(value, dict):
        return is_placeholder(value) or any(_holds_one(item) for item in value.values())
    return isinstance(value, list) and any(_holds_one(item) for item in value)


def _fill(
    value: Any, resolve: Resolver, keys: tuple[str | int, ...], faults: list[FieldFault]
) -> Any:
    if is_placeholder(value):
        ((kind, where),) = value.items()
        try:
            return _content(kind, where, resolve)
        except Unresolved as reason:
            message = f"{kind}: {where} is not filled in: {reason}"
            code = "catalog.placeholder_unresolved"
            faults.append(FieldFault((*keys, kind), message, code=code, level=Level.WARNING))
            return value
    if isinstance(value, dict):
        return {key: _fill(item, resolve, (*keys, key), faults) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, resolve, (*keys, i), faults) for i, item in enumerate(value)]
    return value


def _content(kind: str, where: str, resolve: Resolver) -> Any:
    data = resolve(where)
    if kind == "$text":
        text = data.decode("utf-8-sig", errors="replace")
        if "\0" in text:
            raise Unresolved("it is no text file.")
        return text
    # JSON is a subset of YAML; one careful reader serves both
    documents = read_documents(data)
    fault: Fault | None = next((d.fault for d in documents if d.fault), None)
    if fault:
        raise Unresolved(f"{fault.message} (line {fault.line})")
    if len(documents) != 1:
        raise Unresolved(f"it holds {len(documents)} documents, not one.")
    if kind == "$json":
        try:
            json_text.loads(data)
        except ValueError as error:
            raise Unresolved("it is not valid JSON.") from error
    return documents[0].value
