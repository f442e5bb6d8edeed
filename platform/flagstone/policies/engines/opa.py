"""The second engine: an OPA server, by its REST API (https://www.openpolicyagent.org/docs/rest-api).

It is a server of others: what it does not say, or says late or wrongly, is an answer that is not known.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from flagstone.core.errors import UserError
from flagstone.core.http_session import GuardedSession
from flagstone.policies.engines.asking import Answer, Engine, Program, Question, explained
from flagstone.policies.engines.opa_modules import ROOT, modules_of
from flagstone.policies.engines.sources import Keys, RegoSource, SourceFault
from flagstone.policies.gatekeeper.errors import EngineMissing, PolicyError
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.templates import Template

_SECONDS = (3.05, 10.0)  # to connect, and for an answer
_MOST_BYTES = 4 * 2**20
_STRICT = (
    "?strict-builtin-errors=true"  # else a call that fails is a policy that has nothing to say
)


@dataclass(frozen=True, slots=True)
class OpaProgram:
    """A template of Rego that the server has compiled; `path` is its rule."""

    template: Template
    path: str


class Opa:
    """Evaluates Rego at an OPA server, and CEL, which OPA has not, at another engine."""

    def __init__(self, url: str, beside: Engine, token: str = "") -> None:
        """Take the address of a server; nothing is asked of it yet.

        Args:
            url: where it is, without `/v1`.
            beside: what evaluates policies in CEL.
            token: what it wants as a bearer token, "" if nothing.

        Raises:
            UserError: that is no address of a server.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UserError(f"the address of OPA must begin with http:// or https://, not {url!r}")
        self._url = url.rstrip("/")
        self._beside = beside
        self._lock = threading.Lock()
        self._inventory = ""
        self._session = GuardedSession()
        self._session.trust_env = False
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def compile(self, template: Template) -> Program:
        """Give the modules of a template to the server.

        Raises:
            PolicyError: it does not compile them.
            EngineMissing: the server cannot be reached, or refuses to be used.
        """
        source = template.source
        if not isinstance(source, RegoSource):
            return self._beside.compile(template)
        name = "p" + hashlib.sha256(f"{source.is_v1}\0{source.text}".encode()).hexdigest()[:24]
        modules = modules_of(source, name)
        with self._lock:
            for keys, module in reversed(modules):  # a library before what calls it
                identifier = "-".join(map(str, (ROOT, name, *keys)))
                reply = self._sent("PUT", f"policies/{identifier}", text=module)
                if reply.status == 400:
                    raise explained(_fault(reply.data, keys), template)
                self._must_be_good(reply)
        return OpaProgram(template, f"data/{ROOT}/{name}/violation")

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        others = [q for q in questions if not isinstance(q.program, OpaProgram)]
        beside = iter(self._beside.answers(others) if others else [])
        return [
            self._answer(q, q.program) if isinstance(q.program, OpaProgram) else next(beside)
            for q in questions
        ]

    def _answer(self, question: Question, program: OpaProgram) -> Answer:
        try:
            with self._lock:
                if question.inventory is not None and program.template.needs_inventory:
                    self._know(question.inventory)
                text = f'{{"input": {question.input_json}}}'
                reply = self._sent("POST", program.path + _STRICT, text=text, is_json=True)
            return self._violations(reply, program)
        except EngineMissing as error:
            return _unknown(error.message, program.template)
        except SourceFault as fault:
            return explained(fault, program.template)

    def _violations(self, reply: _Reply, program: OpaProgram) -> list[Any]:
        if reply.status in {400, 500}:
            raise _fault(reply.data, ("rego",))
        self._must_be_good(reply)
        found = reply.data.get("result")
        if not isinstance(found, list):
            said = "has no answer" if found is None else f"answers with {type(found).__name__}"
            raise SourceFault(f"OPA {said} where a set of violations is expected", keys=("rego",))
        return found

    def _know(self, inventory: Inventory) -> None:
        """Put the other objects where the modules look for them, and nowhere else."""
        if self._inventory == inventory.number:
            return
        self._inventory = ""
        document = json.dumps(json.loads(inventory.data_json)["inventory"])
        self._must_be_good(self._sent("PUT", f"data/{ROOT}/inventory", text=document, is_json=True))
        self._inventory = inventory.number

    def _sent(self, method: str, path: str, *, text: str, is_json: bool = False) -> _Reply:
        kind = "application/json" if is_json else "text/plain"
        try:
            with self._session.request(
                method,
                f"{self._url}/v1/{path}",
                data=text.encode(errors="replace"),
                headers={"Content-Type": kind},
                timeout=_SECONDS,
                stream=True,
            ) as response:
                body = response.raw.read(_MOST_BYTES + 1, decode_content=True)
                return _Reply(response.status_code, _data(body))
        except (requests.RequestException, OSError) as error:
            raise EngineMissing(
                f"OPA at {self._shown()} does not answer: {_words(error)}"
            ) from None
        except ValueError as error:
            raise EngineMissing(f"OPA at {self._shown()} answers oddly: {error}") from None

    def _must_be_good(self, reply: _Reply) -> None:
        if reply.status in {401, 403}:
            raise EngineMissing(
                f"OPA at {self._shown()} refuses (status {reply.status}): set OPA_TOKEN to one that it takes"
            )
        if reply.status not in {200, 204}:
            said = str(reply.data.get("message") or "nothing more")[:200]
            raise EngineMissing(
                f"OPA at {self._shown()} answers with status {reply.status}: {said}"
            )

    def _shown(self) -> str:
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    data: dict[str, Any]


def _data(body: bytes) -> dict[str, Any]:
    if len(body) > _MOST_BYTES:
        raise ValueError(f"with more than {_MOST_BYTES // 2**20} MB")
    if not body.strip():
        return {}
    data = json.loads(body)
    if not isinstance(data, dict):
        raise ValueError("with JSON that is no object")  # noqa: TRY004 - caught as what it is, a value
    return data


def _fault(data: dict[str, Any], keys: Keys) -> SourceFault:
    """The first of the errors that OPA lists, with its row."""
    errors = data.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    first = first if isinstance(first, dict) else {}
    place = first.get("location")
    row = place.get("row") if isinstance(place, dict) else 0
    reason = str(first.get("message") or data.get("message") or "OPA gives no reason")
    return SourceFault(f"OPA: {reason[:500]}", keys=keys, line=row if isinstance(row, int) else 0)


def _unknown(reason: str, template: Template) -> PolicyError:
    return explained(SourceFault(reason, keys=("rego",), only_here=True), template)


def _words(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return f"nothing within {_SECONDS[1]:g} seconds"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__
