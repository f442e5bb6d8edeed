"""A description in OpenAPI 3 is cut to what is used, and still finds what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openapi_core.exceptions import OpenAPIError

from tests.http_server import Reply, Request
from tests.stand_ins.base import Call, StandIn, route
from tests.stand_ins.openapi import cut_openapi, without_prose
from tests.stand_ins.repositories import BareRepositories
from tests.stand_ins.swagger import Description

BOOK = {
    "type": "object",
    "description": "A book.",
    "required": ["title"],
    "properties": {
        "title": {"type": "string", "example": "Emma"},
        "description": {"type": "string", "nullable": True},
        "sequel": {"$ref": "#/components/schemas/book"},
    },
}
RESPONSE = {
    "description": "One.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/book"}}},
}
WRITTEN = {
    "openapi": "3.0.3",
    "info": {"title": "Books", "version": "1"},
    "paths": {
        "/books/{number}": {
            "get": {
                "parameters": [{"$ref": "#/components/parameters/number"}],
                "responses": {"200": {"$ref": "#/components/responses/book"}},
            }
        },
        "/never": {"get": {"responses": {"200": {"$ref": "#/components/responses/never"}}}},
    },
    "components": {
        "schemas": {"book": BOOK, "other": {"type": "string"}},
        "responses": {"book": RESPONSE, "never": {"description": ""}},
        "parameters": {
            "number": {
                "name": "number",
                "in": "path",
                "required": True,
                "schema": {"type": "integer"},
            }
        },
    },
}


class Shop(StandIn):
    @route("GET /books/{number}")
    def book(self, call: Call) -> Reply:
        raise NotImplementedError

    @route("POST /graphql")
    def graphql(self, call: Call) -> Reply:
        raise NotImplementedError


@pytest.fixture
def description(tmp_path: Path) -> Description:
    (tmp_path / "shop.json").write_text(json.dumps(without_prose(WRITTEN)))
    shop = Shop(BareRepositories(tmp_path))
    return Description(tmp_path / "shop.json", shop, besides={"/graphql"})


def test_only_what_is_used_is_kept():
    cut = cut_openapi(WRITTEN, ["/books/{number}"], server="https://x.example")
    assert list(cut["paths"]) == ["/books/{number}"]
    assert {kind: list(kept) for kind, kept in cut["components"].items()} == {
        "schemas": ["book"],
        "responses": ["book"],
        "parameters": ["number"],
    }


def test_prose_goes_and_a_property_called_description_stays():
    book = without_prose(BOOK)
    assert book["description"] == ""
    assert book["properties"]["title"] == {"type": "string"}
    assert book["properties"]["description"] == {"type": "string", "nullable": True}


def test_what_may_be_null_may_be_so_in_a_list_of_values_too():
    outcome = {"type": "string", "nullable": True, "enum": ["won", "lost"]}
    assert without_prose(outcome)["enum"] == ["won", "lost", None]
    assert without_prose({**outcome, "nullable": False})["enum"] == ["won", "lost"]


def test_a_wrong_answer_is_found(description):
    request = Request("GET", "/books/a%2Fb", {}, b"")
    description.check(request, Reply(200, {"title": "Emma", "sequel": {"title": "?"}}))
    for body in ({}, {"title": 3}, {"title": "Emma", "sequel": {}}):
        with pytest.raises(OpenAPIError):
            description.check(request, Reply(200, body))
    description.check(Request("POST", "/graphql", {}, b"{}"), Reply(200, {"data": None}))
    assert description.checked == 1, "what is not described is not checked"
