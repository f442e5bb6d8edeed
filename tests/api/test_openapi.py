"""The description of the API: every operation says what it does, what it takes and how it fails."""

from __future__ import annotations

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

SCHEMA = SchemaGenerator().get_schema(request=None, public=True)
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
}
TAGS = {
    "Catalogue",
    "Scaffolds",
    "Pull requests",
    "Rollbacks",
    "Scorecards",
    "Exemptions",
    "Gate",
    "Templates",
}


def test_there_are_operations_of_every_part() -> None:
    assert {tag for operation in OPERATIONS.values() for tag in operation["tags"]} == TAGS


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_says_what_it_does_and_takes(name: str) -> None:
    operation = OPERATIONS[name]
    assert 10 < len(operation["summary"]) < 100
    assert [p["name"] for p in operation.get("parameters", []) if not p.get("description")] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_says_how_it_fails(name: str) -> None:
    method, path = name.split()
    failures = {
        status: answer["content"]["application/problem+json"]["schema"]
        for status, answer in OPERATIONS[name]["responses"].items()
        if status >= "400"
    }
    expected = {"401"} | ({"404"} if "{" in path else set())
    if method == "POST":
        expected |= {"400", "403", "409", "422"}
    assert expected <= set(failures)
    assert set(map(str, failures.values())) == {"{'$ref': '#/components/schemas/Problem'}"}


def test_what_is_sent_is_described() -> None:
    schemas: dict[str, Any] = SCHEMA["components"]["schemas"]
    nameless = {
        f"{name}.{field}"
        for name in schemas
        if name.endswith("Input")
        for field, value in schemas[name]["properties"].items()
        if not value.get("description")
    }
    assert nameless == set()
