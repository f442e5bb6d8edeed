"""Structural schemas: what the API server demands of the schema of a v1 custom resource.

Source: kubernetes.io, "Specifying a structural schema", and the rules that a
CustomResourceDefinition of apiextensions.k8s.io/v1 is held against.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.policies.manifests.source_lines import Keys

Breach = tuple[Keys, str]

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_REFUSED = ("$ref", "additionalItems", "definitions", "dependencies", "patternProperties")
_ALTERNATIVES = ("allOf", "anyOf", "oneOf")
_ONLY_OUTSIDE = ("type", "default", "additionalProperties", "nullable", "description")
_ANYTHING = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING = "x-kubernetes-int-or-string"


def breaches(schema: Any, keys: Keys = ()) -> Iterator[Breach]:
    """Yield each place where a schema is not structural, with the way to it and what is wrong."""
    if not isinstance(schema, dict):
        yield keys, "it is no schema: a mapping with a `type` is wanted"
        return
    yield from _type_breaches(schema, keys)
    for field in _REFUSED:
        if field in schema:
            yield (*keys, field), f"`{field}` is not supported"
    if schema.get("uniqueItems") is True:
        yield (*keys, "uniqueItems"), "`uniqueItems: true` is not supported"
    more = schema.get("additionalProperties")
    if more is False:
        yield (*keys, "additionalProperties"), "`additionalProperties: false` is not supported"
    elif more is not None and mapping(schema.get("properties")):
        message = "`properties` and `additionalProperties` exclude each other"
        yield (*keys, "additionalProperties"), message
    for place, part in _parts(schema):
        yield from breaches(part, (*keys, *place))
    for place, part in _alternatives(schema):
        yield from _alternative_breaches(part, schema, (*keys, *place))


def _type_breaches(schema: dict[str, Any], keys: Keys) -> Iterator[Breach]:
    kind = schema.get("type")
    if schema.get(_INT_OR_STRING) is True:
        if kind is not None:
            yield (*keys, "type"), f"`type` must be left out beside {_INT_OR_STRING}"
        return
    if kind is None or kind == "":
        if schema.get(_ANYTHING) is not True:
            yield keys, "`type` is missing"
    elif kind not in _TYPES:
        yield (*keys, "type"), f"`type: {kind}` does not exist: one of {', '.join(_TYPES)}"
    if kind == "array" and "items" not in schema:
        yield keys, "an array needs `items`"
    if "items" in schema and kind not in ("array", None):
        yield (*keys, "items"), f"`items` needs `type: array`, not {kind}"
    for field in ("properties", "additionalProperties"):
        if field in schema and kind not in ("object", None):
            yield (*keys, field), f"`{field}` needs `type: object`, not {kind}"


def _parts(schema: dict[str, Any]) -> Iterator[tuple[Keys, Any]]:
    for name, field in mapping(schema.get("properties")).items():
        yield ("properties", name), field
    if "items" in schema:
        yield ("items",), schema["items"]
    if isinstance(schema.get("additionalProperties"), dict):
        yield ("additionalProperties",), schema["additionalProperties"]


def _alternatives(schema: dict[str, Any]) -> Iterator[tuple[Keys, Any]]:
    for field in _ALTERNATIVES:
        for position, part in enumerate(sequence(schema.get(field))):
            yield (field, position), part
    if "not" in schema:
        yield ("not",), schema["not"]


def _alternative_breaches(part: Any, outside: dict[str, Any], keys: Keys) -> Iterator[Breach]:
    """What stands in allOf, anyOf, oneOf or not may only narrow what stands outside of them."""
    part = mapping(part)
    may_have_type = outside.get(_INT_OR_STRING) is True
    for field in _ONLY_OUTSIDE:
        if field in part and not (field == "type" and may_have_type):
            yield (*keys, field), f"`{field}` may not stand within allOf, anyOf, oneOf or not"
    fields = mapping(outside.get("properties"))
    for name, inner in mapping(part.get("properties")).items():
        if name in fields:
            yield from _alternative_breaches(
                inner, mapping(fields[name]), (*keys, "properties", name)
            )
        elif outside.get(_ANYTHING) is not True:
            yield (*keys, "properties", name), f"{name} is not among the properties outside"
    if isinstance(part.get("items"), dict):
        yield from _alternative_breaches(
            part["items"], mapping(outside.get("items")), (*keys, "items")
        )
    for place, inner in _alternatives(part):
        yield from _alternative_breaches(inner, outside, (*keys, *place))
