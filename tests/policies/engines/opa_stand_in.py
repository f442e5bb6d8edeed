"""A stand-in of OPA's REST API, by its description: https://www.openpolicyagent.org/docs/rest-api.

Policies are kept by their id as text, documents below `data`; a rule is evaluated by regorus over all
modules that are there, as OPA does over all of its own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import regorus

from tests.http_server import Reply, Request

_PLACE = re.compile(r"-->\s*(\S+?):(\d+):(\d+)")
_REASON = re.compile(r"^error: (.+)$", re.MULTILINE)


@dataclass
class StandIn:
    """What the server holds; `token` is the one that it wants."""

    token: str = ""
    modules: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    def answer(self, request: Request) -> Reply:
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401, {"code": "unauthorized", "message": "not authorized"})
        kind, _, rest = request.path.removeprefix("/v1/").partition("/")
        match request.method, kind:
            case "PUT", "policies":
                return self._compile(rest, request.body.decode())
            case "PUT", "data":
                return self._write(rest, request.json)
            case "POST", "data":
                return self._evaluate(rest, request.json)
        return Reply(404, {"code": "resource_not_found", "message": "no such resource"})

    def _compile(self, name: str, text: str) -> Reply:
        engine = regorus.Engine()
        engine.set_rego_v0(" if " not in text)
        try:
            engine.add_policy(name, text)
        except RuntimeError as error:
            place = _PLACE.search(str(error))
            wrong = {
                "code": "rego_parse_error",
                "message": _REASON.search(str(error))[1],
                "location": {"file": name, "row": int(place[2]), "col": int(place[3])},
            }
            message = "error(s) occurred while compiling module(s)"
            return Reply(400, {"code": "invalid_parameter", "message": message, "errors": [wrong]})
        self.modules[name] = text
        return Reply(200, {})

    def _write(self, path: str, document: Any) -> Reply:
        holder = self.data
        *way, last = path.split("/")
        for step in way:
            holder = holder.setdefault(step, {})
        holder[last] = document
        return Reply(204)

    def _evaluate(self, path: str, body: Any) -> Reply:
        engine = regorus.Engine()
        for name, text in self.modules.items():
            engine.set_rego_v0(" if " not in text)
            engine.add_policy(name, text)
        engine.add_data_json(json.dumps(self.data))
        engine.set_input_json(json.dumps(body["input"]))
        try:
            found = engine.eval_rule_as_json("data." + path.replace("/", "."))
        except RuntimeError as error:
            if "not a valid rule path" in str(error):
                return Reply(200, {})  # an undefined document has no result
            message = _REASON.search(str(error))[1]
            wrong = {"code": "eval_builtin_error", "message": message}
            return Reply(500, {"code": "internal_error", "message": message, "errors": [wrong]})
        return Reply(200, {"result": json.loads(found)})
