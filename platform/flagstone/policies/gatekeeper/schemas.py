"""Holding values against a schema of a CRD, as the API server does when something is applied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft4Validator, ValidationError, validators
from jsonschema.exceptions import SchemaError, UnknownType

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.functions.patterns import search

_STRINGS = {"type": "array", "items": {"type": "string"}}
_SELECTOR = {
    "type": "object",
    "properties": {
        "matchLabels": {"type": "object", "additionalProperties": {"type": "string"}},
        "matchExpressions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "key": {"type": "string"},
                    "operator": {"enum": ["In", "NotIn", "Exists", "DoesNotExist"]},
                    "values": _STRINGS,
                },
            },
        },
    },
}
_GLOB = r"^(\*|\*-)?[a-zA-Z0-9]([-:.a-zA-Z0-9]*[a-zA-Z0-9])?(\*|-\*)?$|^\*$|^$"
_GLOBS = {"type": "array", "items": {"type": "string", "pattern": _GLOB}}
MATCH: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kinds": {
            "type": "array",
            "items": {"type": "object", "properties": {"apiGroups": _STRINGS, "kinds": _STRINGS}},
        },
        "namespaces": _GLOBS,
        "excludedNamespaces": _GLOBS,
        "labelSelector": _SELECTOR,
        "namespaceSelector": _SELECTOR,
        "scope": {"type": "string", "enum": ["*", "Cluster", "Namespaced"]},
        "source": {"type": "string", "enum": ["All", "Generated", "Original"]},
        "name": {"type": "string", "pattern": _GLOB},
    },
}


def first_problem(value: Any, schema: dict[str, Any]) -> tuple[tuple[str | int, ...], str] | None:
    """Where a value does not fit, and why; None if it does.

    A schema that is none lets everything pass: it is a fault of the template, not of the value.
    """
    try:
        errors = sorted(
            _Schema(schema).iter_errors(value), key=lambda error: str(error.absolute_path)
        )
    except (SchemaError, UnknownType, TypeError, ValueError, RecursionError, AttributeError):
        return None
    if not errors:
        return None
    return tuple(errors[0].absolute_path), errors[0].message[:300]


def _type(
    validator: Any, types: Any, instance: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    if instance is None and schema.get("nullable") is True:
        return
    if schema.get("x-kubernetes-int-or-string") is True:
        if not validator.is_type(instance, "integer") and not isinstance(instance, str):
            yield ValidationError(f"{instance!r} is neither an integer nor a string")
        return
    yield from Draft4Validator.VALIDATORS["type"](validator, types, instance, schema)


def _pattern(
    _validator: Any, pattern: Any, instance: Any, _schema: dict[str, Any]
) -> Iterator[ValidationError]:
    """Patterns are RE2's, and others wrote them: with a limit on time."""
    if not isinstance(instance, str) or not isinstance(pattern, str):
        return
    try:
        if search(pattern, instance) is None:
            yield ValidationError(f"{instance!r} does not match {pattern!r}")
    except CelError as error:
        yield ValidationError(str(error))


def _int_or_string(
    validator: Any, wanted: Any, instance: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    if wanted is True and "type" not in schema:
        yield from _type(validator, None, instance, schema)


def _nothing(*_: Any) -> Iterator[ValidationError]:
    """What a schema of a CRD may not have: a reference would be fetched from anywhere."""
    return iter(())


_Schema: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft4Validator,
    {
        "type": _type,
        "pattern": _pattern,
        "x-kubernetes-int-or-string": _int_or_string,
        "$ref": _nothing,
        "patternProperties": _nothing,
        "format": _nothing,
    },
)
