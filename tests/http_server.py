"""A small HTTP server on the loopback whose answers a test writes, and which can break off where networks do."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What arrived; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What is sent back: a JSON value, or raw bytes as they are."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass
class Fault:
    """Something that goes wrong, so many times, where the request matches.

    Args:
        match: A part of "METHOD path".
        reply: Sent instead of the real answer.
        is_done: Whether the request takes effect all the same.
        cuts: The connection is cut instead of an answer.
        seconds: Waited before the answer.
        times: How often.
    """

    match: str
    reply: Reply | None = None
    is_done: bool = False
    cuts: bool = False
    seconds: float = 0.0
    times: int = 1


class Server(ThreadingHTTPServer):
    """Answers with `answer`; keeps what arrived in `requests`, and takes what goes wrong from `faults`."""

    daemon_threads = True

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.one_at_a_time = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def sent(self, match: str) -> list[Request]:
        """Return the requests whose "METHOD path" holds these words."""
        return [each for each in self.requests if match in f"{each.method} {each.path}"]

    def next_fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.match in f"{request.method} {request.path}":
                fault.times -= 1
                return fault
        return None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each body waits for the acknowledgement of its head

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def handle_one(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        self.server.requests.append(request)
        fault = self.server.next_fault(request)
        if fault is None:
            return self._send(self._answered(request))
        time.sleep(fault.seconds)
        reply = self._answered(request) if fault.is_done or fault.reply is None else None
        if fault.cuts:
            return self._cut()
        return self._send(fault.reply or reply or Reply(500))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_one  # noqa: N815 - http.server's names

    def _answered(self, request: Request) -> Reply:
        with self.server.one_at_a_time:
            return self.server.answer(request)

    def _send(self, reply: Reply) -> None:
        raw = reply.raw()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in reply.headers:
            self.send_header("Content-Length", str(len(raw)))
        if not isinstance(reply.body, bytes):
            self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(raw)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


@contextmanager
def serving(answer: Callable[[Request], Reply]) -> Iterator[Server]:
    server = Server(answer)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
