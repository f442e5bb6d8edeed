from __future__ import annotations

import pytest

from flagstone.scaffolding.engine.answer_schemas import schema_fault, validator
from flagstone.scaffolding.engine.patterns import PatternTooSlow

SLOW = "^(a|aa)+$"
HOSTILE = "a" * 60 + "!"


def messages(schema, value):
    return [error.message for error in validator(schema).iter_errors(value)]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"pattern": SLOW}, HOSTILE),
        ({"not": {"pattern": SLOW}}, HOSTILE),
        ({"anyOf": [{"pattern": SLOW}, {"type": "string"}]}, HOSTILE),
        ({"propertyNames": {"pattern": SLOW}}, {HOSTILE: 1}),
        ({"patternProperties": {SLOW: {}}}, {HOSTILE: 1}),
        ({"patternProperties": {SLOW: {}}, "additionalProperties": False}, {HOSTILE: 1}),
        ({"additionalProperties": {"pattern": SLOW}}, {"a": HOSTILE}),
    ],
)
def test_a_pattern_that_never_ends_is_not_taken_for_an_answer(schema, value):
    with pytest.raises(PatternTooSlow):
        messages(schema, value)


def test_properties_by_pattern():
    schema = {
        "properties": {"a": {"type": "string"}},
        "patternProperties": {r"^x-\d+$": {"type": "integer"}},
        "additionalProperties": False,
    }
    assert messages(schema, {"a": "b", "x-1": 2}) == []
    assert messages(schema, {"x-1": "two", "x-one": 1}) == [
        "'two' is not of type 'integer'",
        "may not have 'x-one'",
    ]
    assert messages({"additionalProperties": {"type": "integer"}}, {"a": "b"}) == [
        "'b' is not of type 'integer'"
    ]


def test_a_value_may_look_like_a_reference():
    assert schema_fault({"default": {"$ref": "x"}, "enum": [{"$ref": "x"}]}) is None
    assert schema_fault({"properties": {"$ref": {"type": "string"}}}) is None
    assert schema_fault({"properties": {"a": {"$ref": "#"}}}) == (
        ("properties", "a", "$ref"),
        "cannot have '$ref'",
    )


def test_a_number_that_no_float_holds_is_no_multiple_of_one():
    assert messages({"multipleOf": 0.5}, 10**400) == ["is too large to be a multiple of 0.5"]
    assert messages({"multipleOf": 0.5}, 1.5) == []
