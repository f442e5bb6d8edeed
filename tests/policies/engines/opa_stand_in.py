"""A stand-in of OPA's REST API, by its description: https://www.openpolicyagent.org/docs/rest-api.

Policies are kept by their id as text, documents below `data`; a rule is evaluated by regorus, or by OPA's own
evaluator, over all modules that are there, as OPA does over all of its own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import regorus

from tests.http_server import Reply, Request
from tests.real_opa import RealOpa

_PLACE = re.compile(r"-->\s*(\S+?):(\d+):(\d+)")
_OF_OPA = re.compile(r"(\S+):(\d+): (rego_\w+_error): ([^\n]+)")
_REASON = re.compile(r"^error: (.+)$", re.MULTILINE)


@dataclass
class StandIn:
    """What the server holds; `token` is the one that it wants, `opa` the evaluator if it is not regorus."""

    token: str = ""
    modules: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    opa: RealOpa | None = None

    def answer(self, request: Request) -> Reply:
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401, {"code": "unauthorized", "message": "not authorized"})
        path, _, query = request.path.removeprefix("/v1/").partition("?")
        kind, _, rest = path.partition("/")
        match request.method, kind:
            case "PUT", "policies":
                return self._compile(rest, request.body.decode())
            case "PUT", "data":
                return self._write(rest, request.json)
            case "POST", "data":
                return self._evaluate(
                    rest, request.json, is_strict=query == "strict-builtin-errors=true"
                )
        return Reply(404, {"code": "resource_not_found", "message": "no such resource"})

    def _compile(self, name: str, text: str) -> Reply:
        wrong = self._refused_by_opa(name, text) if self.opa else _refused_by_regorus(name, text)
        if wrong:
            message = "error(s) occurred while compiling module(s)"
            return Reply(400, {"code": "invalid_parameter", "message": message, "errors": wrong})
        self.modules[name] = text
        return Reply(200, {})

    def _refused_by_opa(self, name: str, text: str) -> list[dict[str, Any]]:
        assert self.opa
        answer = self.opa.says({**self.modules, name: text}, "nothing", {})
        return [
            {"code": code, "message": message, "location": {"file": file, "row": int(row)}}
            for file, row, code, message in _OF_OPA.findall(answer.get("message", ""))
        ]

    def _write(self, path: str, document: Any) -> Reply:
        holder = self.data
        *way, last = path.split("/")
        for step in way:
            holder = holder.setdefault(step, {})
        holder[last] = document
        return Reply(204)

    def _evaluate(self, path: str, body: Any, *, is_strict: bool) -> Reply:
        rule = path.replace("/", ".")
        ask = self._asked_of_opa if self.opa else self._asked_of_regorus
        answer = ask(rule, body["input"])
        if "error" not in answer:
            return Reply(200, answer)  # an undefined document has no result
        if not is_strict:
            return Reply(
                200, {"result": []}
            )  # a call that fails is undefined, as if it were not so
        message = answer["message"]
        wrong = {"code": "eval_builtin_error", "message": message}
        return Reply(500, {"code": "internal_error", "message": message, "errors": [wrong]})

    def _asked_of_opa(self, rule: str, given: Any) -> dict[str, Any]:
        assert self.opa
        return self.opa.says(self.modules, rule, given, self.data)

    def _asked_of_regorus(self, rule: str, given: Any) -> dict[str, Any]:
        engine = regorus.Engine()
        for name, text in self.modules.items():
            engine.set_rego_v0(" if " not in text)
            engine.add_policy(name, text)
        engine.add_data_json(json.dumps(self.data))
        engine.set_input_json(json.dumps(given))
        try:
            return {"result": json.loads(engine.eval_rule_as_json(f"data.{rule}"))}
        except RuntimeError as error:
            if "not a valid rule path" in str(error):
                return {}
            return {"error": "failed", "message": _REASON.search(str(error))[1]}


def _refused_by_regorus(name: str, text: str) -> list[dict[str, Any]]:
    engine = regorus.Engine()
    engine.set_rego_v0(" if " not in text)
    try:
        engine.add_policy(name, text)
    except RuntimeError as error:
        place = _PLACE.search(str(error))
        location = {"file": name, "row": int(place[2]), "col": int(place[3])}
        message = _REASON.search(str(error))[1]
        return [{"code": "rego_parse_error", "message": message, "location": location}]
    return []
