from __future__ import annotations

import json

from jsonschema import Draft7Validator

from flagstone.web.forms.examples import json_example


def test_every_part_is_named_with_what_it_may_be() -> None:
    schema = {
        "type": "object",
        "properties": {
            "engine": {"enum": ["postgres", "mysql"]},
            "size": {"type": "integer"},
            "replicas": {"type": "integer", "default": 3},
            "public": {"type": "boolean"},
            "owners": {"type": "array", "items": {"type": "object", "properties": {"id": {}}}},
        },
    }

    example = json.loads(json_example(schema))

    assert example == {
        "engine": "postgres",
        "size": 0,
        "replicas": 3,
        "public": False,
        "owners": [{"id": "…"}],
    }
    assert Draft7Validator(schema).is_valid(example)


def test_a_schema_without_an_end_has_an_example_with_one() -> None:
    endless: dict[str, object] = {"type": "array"}
    endless["items"] = endless

    assert json_example(endless) == '[[[[["…"]]]]]'
