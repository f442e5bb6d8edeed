"""Defaults of the parameters' schema, as the API server fills them in."""

from __future__ import annotations

from flagstone.policies.gatekeeper.defaults import with_defaults

SCHEMA = {
    "type": "object",
    "properties": {
        "limit": {"type": "integer", "default": 3},
        "names": {"type": "array", "items": {"properties": {"kind": {"default": "all"}}}},
        "nested": {"properties": {"deep": {"default": {"a": 1}}}},
        "plain": {"type": "string"},
    },
}


def test_absent_fields_are_filled_and_given_ones_kept():
    assert with_defaults({}, SCHEMA) == {"limit": 3}
    assert with_defaults({"limit": 0, "plain": "x"}, SCHEMA) == {"limit": 0, "plain": "x"}
    # null is dropped before defaults are filled in, where it is not allowed
    assert with_defaults({"limit": None}, SCHEMA) == {"limit": 3}
    nullable = {"properties": {"limit": {"nullable": True, "default": 3}}}
    assert with_defaults({"limit": None}, nullable) == {"limit": None}


def test_defaults_inside_lists_and_objects_that_are_given():
    given = {"names": [{}, {"kind": "Pod"}, "text"], "nested": {}}
    assert with_defaults(given, SCHEMA) == {
        "limit": 3,
        "names": [{"kind": "all"}, {"kind": "Pod"}, "text"],
        "nested": {"deep": {"a": 1}},
    }
    assert given == {"names": [{}, {"kind": "Pod"}, "text"], "nested": {}}


def test_a_default_is_never_shared():
    first = with_defaults({"nested": {}}, SCHEMA)
    first["nested"]["deep"]["a"] = 2
    assert with_defaults({"nested": {}}, SCHEMA)["nested"]["deep"] == {"a": 1}


def test_a_schema_that_is_none():
    assert with_defaults({"a": 1}, {}) == {"a": 1}
    assert with_defaults({"a": 1}, {"properties": "x"}) == {"a": 1}
