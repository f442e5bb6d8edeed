"""What the stand-ins of code hosts share: routes to methods, pages, and a clock that moves with each write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode

from tests.http_server import Reply, Request, Server, serving
from tests.stand_ins.repositories import BareRepositories

_Handler = TypeVar("_Handler", bound=Callable[..., Reply])


class Refused(Exception):
    """The answer of a request that goes no further."""

    def __init__(
        self, status: int, body: Any = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.reply = Reply(status, body, headers or {})


@dataclass
class Call:
    """A request as a route's method takes it; `values` are those of the path, unquoted."""

    request: Request
    values: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)

    @property
    def payload(self) -> dict[str, Any]:
        return self.request.json if self.request.body else {}

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def number(self, name: str) -> int:
        return int(self.values[name])


def route(pattern: str) -> Callable[[_Handler], _Handler]:
    """Let a method of a stand-in answer `METHOD /path/{value}/{rest:path}`; a `path` value may hold slashes."""

    def mark(handler: _Handler) -> _Handler:
        handler.__dict__.setdefault("routes", []).append(pattern)
        return handler

    return mark


class StandIn:
    """A code host's API over real bare repositories.

    A subclass marks methods with `route`; each takes a `Call` and returns a `Reply`, or raises `Refused`.

    Attributes:
        prefix: Of all paths of the API, such as `/api/v4`.
        server: Holds what arrived and what goes wrong, see `tests.http_server`.
        repositories: The bare repositories.
        clock: What time it is here; each `tick` is a second later than the one before.
    """

    prefix = ""
    server: Server

    def __init__(self, repositories: BareRepositories) -> None:
        self.repositories = repositories
        self.clock = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self._routes = sorted(self._found_routes(), key=lambda known: "path" in known[2])

    @property
    def url(self) -> str:
        return f"{self.server.url}{self.prefix}"

    def tick(self) -> datetime:
        self.clock += timedelta(seconds=1)
        return self.clock

    def answer(self, request: Request) -> Reply:
        path, _, query = request.path.partition("?")
        for pattern, handler, _ in self._routes:
            if found := pattern.fullmatch(f"{request.method} {path.removeprefix(self.prefix)}"):
                values = {name: unquote(value) for name, value in found.groupdict().items()}
                try:
                    self.before(request)
                    return handler(
                        Call(request, values, dict(parse_qsl(query, keep_blank_values=True)))
                    )
                except Refused as refused:
                    return refused.reply
        return Reply(404, {"message": "Not Found"})

    def before(self, request: Request) -> None:
        """Refuse what no route shall see, such as a request without a credential."""

    def page(
        self, call: Call, entries: Sequence[Any], *, usual: int = 30, most: int = 100
    ) -> Reply:
        """Answer with one page of a list, and the `Link` header that leads to the next."""
        size = min(int(call.query.get("per_page", usual)), most)
        number = int(call.query.get("page", 1))
        shown = list(entries[(number - 1) * size : number * size])
        headers = {}
        if number * size < len(entries):
            path = call.request.path.partition("?")[0]
            query = urlencode({**call.query, "page": number + 1})
            headers["Link"] = f'<{self.server.url}{path}?{query}>; rel="next"'
        return Reply(200, shown, headers)

    def _found_routes(self) -> Iterator[tuple[re.Pattern[str], Callable[[Call], Reply], str]]:
        for name in dir(type(self)):
            for text in getattr(getattr(type(self), name), "__dict__", {}).get("routes", ()):
                pattern = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+)", text)
                pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
                yield re.compile(pattern), getattr(self, name), text


_AnyStandIn = TypeVar("_AnyStandIn", bound=StandIn)


@contextmanager
def running(stand_in: _AnyStandIn) -> Iterator[_AnyStandIn]:
    """Let a stand-in answer for the length of the block."""
    with serving(stand_in.answer) as server:
        stand_in.server = server
        yield stand_in
