"""A description finds the request that nobody understands and the answer that nobody expects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_core.exceptions import OpenAPIError

from tests.http_server import Reply, Request
from tests.stand_ins.base import Call, StandIn, route
from tests.stand_ins.repositories import BareRepositories
from tests.stand_ins.swagger import Description

BOOK = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "title": {"type": "string"},
        "sold_at": {"type": "string", "format": "date-time"},
        "sequel": {"$ref": "#/definitions/Book"},
    },
}
WRITTEN = {
    "swagger": "2.0",
    "info": {"title": "Books", "version": "1"},
    "paths": {
        "/books": {
            "get": {
                "parameters": [{"in": "query", "name": "page", "type": "integer", "minimum": 1}],
                "responses": {
                    "200": {
                        "description": "all",
                        "schema": {"type": "array", "items": {"$ref": "#/definitions/Book"}},
                    }
                },
            },
            "post": {
                "parameters": [
                    {"in": "body", "name": "body", "schema": {"$ref": "#/definitions/Book"}}
                ],
                "responses": {"201": {"$ref": "#/responses/Book"}, "409": {"description": "no"}},
            },
        },
        "/books/{title}": {
            "delete": {
                "parameters": [{"in": "path", "name": "title", "type": "string", "required": True}],
                "responses": {"204": {"description": "gone"}},
            }
        },
        "/never/asked": {"get": {"responses": {"200": {"$ref": "#/responses/Nothing"}}}},
    },
    "definitions": {"Book": BOOK},
    "responses": {"Book": {"description": "one", "schema": {"$ref": "#/definitions/Book"}}},
}


class Shop(StandIn):
    prefix = "/api"

    @route("GET /books")
    @route("POST /books")
    @route("DELETE /books/{name:path}")
    def anything(self, call: Call) -> Reply:
        raise NotImplementedError


@pytest.fixture
def description(tmp_path: Path) -> Description:
    (tmp_path / "shop.json").write_text(json.dumps(WRITTEN))
    return Description(tmp_path / "shop.json", Shop(BareRepositories(tmp_path)))


def asked(method: str, path: str, body: Any = None) -> Request:
    return Request(method, f"/api{path}", {}, b"" if body is None else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (asked("GET", "/books?page=2"), Reply(200, [{"title": "a", "sequel": None}])),
        (asked("GET", "/books"), Reply(200, b"null")),
        (asked("GET", "/books"), Reply(401, {"message": "sign in"})),
        (asked("POST", "/books", {"title": "a", "more": 1}), Reply(201, {"title": "a", "new": 2})),
        (asked("POST", "/books", {"title": "a"}), Reply(409, b"")),
        (asked("DELETE", "/books/a/b%20c"), Reply(204, b"")),
    ],
)
def test_what_is_described_passes(description, request_, reply):
    description.check(request_, reply)
    assert description.checked == 1


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (asked("GET", "/books?page=0"), Reply(200, [])),
        (asked("GET", "/books"), Reply(200, {})),
        (asked("GET", "/books"), Reply(200, [{"title": 3}])),
        (asked("GET", "/books"), Reply(200, [{"title": "a", "sequel": {}}])),
        (asked("GET", "/books"), Reply(200, [{"title": "a", "sold_at": "today"}])),
        (asked("GET", "/books"), Reply(202, [])),
        (asked("POST", "/books", {"name": "a"}), Reply(201, {"title": "a"})),
        (asked("POST", "/books"), Reply(201, {"title": "a"})),
    ],
)
def test_what_is_not_described_is_refused(description, request_, reply):
    with pytest.raises(OpenAPIError):
        description.check(request_, reply)


def test_a_route_that_the_description_lacks_is_found(tmp_path):
    class Wider(Shop):
        @route("GET /shelves")
        def shelves(self, call: Call) -> Reply:
            raise NotImplementedError

    (tmp_path / "shop.json").write_text(json.dumps(WRITTEN))
    with pytest.raises(AssertionError, match=r"not described: .*/shelves"):
        Description(tmp_path / "shop.json", Wider(BareRepositories(tmp_path)))
