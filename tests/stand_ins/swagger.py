"""Holds a stand-in to its model's own description; one in Swagger 2 is turned into the OpenAPI 3 that is checked."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from tests.http_server import Reply, Request
from tests.stand_ins.base import StandIn
from tests.stand_ins.openapi import cut_openapi

_HOST = "https://forge.example"
_DEFINITION = "#/definitions/"
_OF_A_VALUE = ("type", "format", "enum", "items", "minimum")
_VALUE = re.compile(r"\{\w+(?::path)?\}")


class Description:
    """Holds a stand-in's requests and answers to what its model says of itself.

    Args:
        file: The description.
        stand_in: Its routes are the paths that are kept; the rest is cut away.
        besides: Paths of routes that the description does not tell of; they are not checked.
    """

    def __init__(
        self, file: Path, stand_in: StandIn, *, besides: Collection[str] = frozenset()
    ) -> None:
        self.name = file.name
        self.checked = 0
        self._besides = besides
        self._prefix = stand_in.prefix
        self._routes = [(pattern, text.partition(" ")[2]) for pattern, _, text in stand_in._routes]
        told = {path for _, path in self._routes} - set(besides)
        self._openapi, self._paths = _cut(file, frozenset(map(_shape, told)))

    def check(self, request: Request, reply: Reply) -> None:
        """Refuse a request or an answer that the description does not know.

        Raises:
            openapi_core.exceptions.OpenAPIError: With what is wrong.
        """
        route, values = self._place(request)
        if route in self._besides:
            return
        template, methods = self._paths[_shape(route)]
        path = template
        for value in values:
            path = _VALUE.sub(quote(value, safe=""), path, count=1)
        query = parse_qsl(request.path.partition("?")[2], keep_blank_values=True)
        asked = MockRequest(_HOST, request.method, path, args=dict(query), data=request.body)
        self._openapi.validate_request(asked)
        told = methods[request.method.lower()]["responses"]
        # what every request may be refused with, or led on by, is not told of each
        if reply.status < HTTPStatus.MULTIPLE_CHOICES or str(reply.status) in told:
            self._openapi.validate_response(asked, MockResponse(reply.raw(), reply.status))
        self.checked += 1

    def _place(self, request: Request) -> tuple[str, list[str]]:
        path = request.path.partition("?")[0].removeprefix(self._prefix)
        for pattern, route in self._routes:
            if found := pattern.fullmatch(f"{request.method} {path}"):
                return route, [unquote(value) for value in found.groups()]
        raise AssertionError(f"the stand-in has no route for {request.method} {path}")


def _shape(template: str) -> str:
    """Return a path with its values unnamed: each side calls them otherwise."""
    return _VALUE.sub("{}", template)


@lru_cache
def _cut(file: Path, shapes: frozenset[str]) -> tuple[OpenAPI, dict[str, tuple[str, Any]]]:
    """Return the checker of the paths that are used, and of each shape its path and methods."""
    given = json.loads(file.read_text("utf-8"))
    templates = {_shape(path): path for path in given["paths"] if _shape(path) in shapes}
    assert shapes <= templates.keys(), f"not described: {shapes - templates.keys()}"
    if "openapi" in given:
        described = cut_openapi(given, templates.values(), server=_HOST)
        return OpenAPI.from_dict(described), {
            shape: (path, described["paths"][path]) for shape, path in templates.items()
        }
    paths = {path: _path(given["paths"][path], given) for path in templates.values()}
    schemas: dict[str, Any] = {}
    wanted = _named(paths)
    while missing := wanted - schemas.keys():
        for name in missing:
            schemas[name] = _schema(given["definitions"][name])
        wanted = _named(schemas) | wanted
    described = {
        "openapi": "3.0.3",
        "info": given["info"],
        "servers": [{"url": _HOST}],
        "paths": paths,
        "components": {"schemas": schemas},
    }
    found = {shape: (path, paths[path]) for shape, path in templates.items()}
    return OpenAPI.from_dict(described), found


def _named(part: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(part)))


def _path(item: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    return {
        method: _operation(operation, given)
        for method, operation in item.items()
        if method != "parameters"
    }


def _operation(operation: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"parameters": [], "responses": {}}
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "body":
            made["requestBody"] = {"content": _json(parameter["schema"]), "required": True}
        else:
            schema = {key: parameter[key] for key in _OF_A_VALUE if key in parameter}
            made["parameters"].append(
                {
                    "name": parameter["name"],
                    "in": parameter["in"],
                    "required": parameter.get("required", False),
                    # numbers of pull requests come as names of branches too, which is no fault
                    "schema": {"type": "string"} if parameter["in"] == "path" else schema,
                }
            )
    for status, response in operation["responses"].items():
        named = response.get("$ref", "").rpartition("/")[2]
        told = given["responses"][named] if named else response
        made["responses"][status] = {"description": told["description"]}
        if "schema" in told:
            made["responses"][status]["content"] = _json(told["schema"])
    return made


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": _schema(schema)}}


def _schema(schema: Any, *, keys: Collection[str] = ("items", "additionalProperties")) -> Any:
    """Convert a schema: Go writes null for what is not there, and Swagger 2 has no word for that."""
    if not isinstance(schema, dict):
        return schema
    if reference := schema.get("$ref"):
        target = reference.replace(_DEFINITION, "#/components/schemas/")
        return {"nullable": True, "allOf": [{"$ref": target}]}
    made = {key: _schema(value) if key in keys else value for key, value in schema.items()}
    if "properties" in schema:
        made["properties"] = {name: _schema(value) for name, value in schema["properties"].items()}
    return {**made, "nullable": True} if "type" in schema else made
