"""What the API server demands of the schema of a policy's parameters."""

from __future__ import annotations

import pytest

from flagstone.policies.gatekeeper.structural_schema import breaches

TEXT = {"type": "string"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "properties": {"names": {"type": "array", "items": TEXT}}},
        {"type": "object", "additionalProperties": {"type": "array", "items": TEXT}},
        {"type": "object", "additionalProperties": True},
        {"x-kubernetes-preserve-unknown-fields": True},
        {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, TEXT]},
        {"type": "object", "properties": {"a": TEXT}, "oneOf": [{"required": ["a"]}]},
        {"type": "object", "properties": {"a": TEXT}, "not": {"properties": {"a": {"enum": [""]}}}},
        {"type": "object", "properties": {"type": TEXT, "properties": {"type": "integer"}}},
    ],
)
def test_what_is_structural(schema):
    assert list(breaches(schema)) == []


@pytest.mark.parametrize(
    ("schema", "keys", "reason"),
    [
        ({}, (), "`type` is missing"),
        ({"type": "object", "properties": {"a": {}}}, ("properties", "a"), "`type` is missing"),
        (
            {"type": "array", "items": {"properties": {"a": TEXT}}},
            ("items",),
            "`type` is missing",
        ),
        (
            {"type": "object", "additionalProperties": {"items": TEXT}},
            ("additionalProperties",),
            "`type` is missing",
        ),
        ({"type": "array"}, (), "an array needs `items`"),
        (
            {"type": "array", "items": [TEXT]},
            ("items",),
            "it is no schema: a mapping with a `type` is wanted",
        ),
        (
            {"type": "str"},
            ("type",),
            "`type: str` does not exist: one of array, boolean, integer, number, object, string",
        ),
        (
            {"type": "string", "properties": {"a": TEXT}},
            ("properties",),
            "`properties` needs `type: object`, not string",
        ),
        (
            {"type": "object", "items": TEXT},
            ("items",),
            "`items` needs `type: array`, not object",
        ),
        (
            {"type": "object", "properties": {"a": TEXT}, "additionalProperties": TEXT},
            ("additionalProperties",),
            "`properties` and `additionalProperties` exclude each other",
        ),
        (
            {"type": "object", "additionalProperties": False},
            ("additionalProperties",),
            "`additionalProperties: false` is not supported",
        ),
        ({"type": "object", "$ref": "#/a"}, ("$ref",), "`$ref` is not supported"),
        (
            {"type": "array", "items": TEXT, "uniqueItems": True},
            ("uniqueItems",),
            "`uniqueItems: true` is not supported",
        ),
        (
            {"type": "string", "x-kubernetes-int-or-string": True},
            ("type",),
            "`type` must be left out beside x-kubernetes-int-or-string",
        ),
        (
            {"type": "object", "anyOf": [{"properties": {"a": {}}}]},
            ("anyOf", 0, "properties", "a"),
            "a is not among the properties outside",
        ),
        (
            {"type": "object", "allOf": [{"type": "object"}]},
            ("allOf", 0, "type"),
            "`type` may not stand within allOf, anyOf, oneOf or not",
        ),
        (
            {"type": "object", "properties": {"a": TEXT}, "not": {"properties": {"a": TEXT}}},
            ("not", "properties", "a", "type"),
            "`type` may not stand within allOf, anyOf, oneOf or not",
        ),
    ],
)
def test_what_is_not(schema, keys, reason):
    assert list(breaches(schema)) == [(keys, reason)]
