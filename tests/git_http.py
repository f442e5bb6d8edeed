"""A git server as code hosts have one: git's own http-backend behind a small HTTP server on the loopback.

Packs, refs, hooks and leases are git's own. What is added is what stands in front of it at a code host: people
with passwords, some of whom may only read, addresses that moved, and a network that breaks where a test says.
"""

from __future__ import annotations

import base64
import binascii
import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.http_server import Reply, Request

_PUSH = "git-receive-pack"


class Cut(Enum):
    """Where the connection breaks."""

    BEFORE = "before the request is read"
    UNANSWERED = "after the request took effect, before any answer"
    HALFWAY = "in the middle of the answer"


@dataclass
class GitFault:
    """Something that goes wrong, so many times, where the request matches.

    Args:
        match: A part of "METHOD path?query", such as "POST /acme/demo.git/git-receive-pack".
        status: Answered instead of git, which never hears of the request.
        headers: Of that answer.
        body: Of that answer, plain text.
        cut: The connection is cut.
        seconds: Waited before anything else.
        until: Waited for before anything else, a minute at most.
        times: How often.
    """

    match: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    cut: Cut | None = None
    seconds: float = 0.0
    until: threading.Event | None = None
    times: int = 1


@dataclass(frozen=True)
class GitRequest:
    """What arrived, and from whom.

    Attributes:
        user: Who signed in; None without a password, or with a wrong one.
        authorization: The header as it came; "" if there was none.
    """

    method: str
    path: str
    user: str | None
    authorization: str


class GitServer(ThreadingHTTPServer):
    """Serves the bare repositories below a folder.

    Without users everybody may read and nobody may push; with users, only they may do either.

    Attributes:
        users: Name to password.
        read_only: Names of those who may not push.
        asked: Path and query of every request, in order.
        requests: The same requests with the people who made them.
        moved: Old path to new address: such a request is answered with a redirect.
        faults: What goes wrong next.
        api: Answers everything below /api/, so that git and the API have one address.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, root: Path, *, users: Mapping[str, str] | None = None, read_only: Collection[str] = ()
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.users = dict(users) if users is not None else None
        self.read_only = set(read_only)
        self.asked: list[str] = []
        self.requests: list[GitRequest] = []
        self.moved: dict[str, str] = {}
        self.faults: list[GitFault] = []
        self.api: Callable[[Request], Reply] | None = None
        self._taking_faults = threading.Lock()
        self.one_at_a_time = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def sent(self, match: str) -> list[GitRequest]:
        """Return the requests whose "METHOD path?query" holds these words."""
        return [each for each in self.requests if match in f"{each.method} {each.path}"]

    def next_fault(self, request: GitRequest) -> GitFault | None:
        with self._taking_faults:
            for fault in self.faults:
                if fault.times > 0 and fault.match in f"{request.method} {request.path}":
                    fault.times -= 1
                    return fault
        return None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    server: GitServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each body waits for the acknowledgement of its head

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        authorization = self.headers.get("Authorization", "")
        request = GitRequest(self.command, self.path, self._user(authorization), authorization)
        self.server.asked.append(self.path)
        self.server.requests.append(request)
        fault = self.server.next_fault(request) or GitFault("")
        time.sleep(fault.seconds)
        if fault.until is not None:
            fault.until.wait(60)
        if fault.cut is Cut.BEFORE:
            return self._cut()
        body = self._body()
        if fault.status is not None:
            plain = {"Content-Type": "text/plain", **fault.headers}
            return self._reply(fault.status, list(plain.items()), fault.body.encode())
        if self.server.api is not None and self.path.startswith("/api/"):
            status, headers, answer = self._from_api(self.server.api, body)
        else:
            status, headers, answer = self._refused(request) or self._git(request, body)
        if fault.cut is Cut.UNANSWERED:
            return self._cut()
        if fault.cut is Cut.HALFWAY:
            self._reply(status, headers, answer, sent=len(answer) // 2)
            return self._cut()
        return self._reply(status, headers, answer)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def _user(self, authorization: str) -> str | None:
        kind, _, credential = authorization.partition(" ")
        if kind != "Basic":
            return None
        try:
            name, _, password = base64.b64decode(credential).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name if (self.server.users or {}).get(name) == password else None

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _refused(self, request: GitRequest) -> tuple[int, list[tuple[str, str]], bytes] | None:
        """Return the answer to those who may not do this, and to what is not there any more."""
        for old, new in self.server.moved.items():
            if request.path.startswith(old):
                return 301, [("Location", new + request.path.removeprefix(old))], b""
        plain = ("Content-Type", "text/plain")
        if self.server.users is None:
            return None
        if request.user is None:
            asks = ("WWW-Authenticate", 'Basic realm="git"')
            return 401, [asks, plain], b"Invalid username or token.\n"
        if _PUSH in request.path and request.user in self.server.read_only:
            return 403, [plain], b"Write access to repository not granted.\n"
        return None

    def _from_api(
        self, api: Callable[[Request], Reply], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        names = {name.lower(): value for name, value in self.headers.items()}
        with self.server.one_at_a_time:
            reply = api(Request(self.command, self.path, names, body))
        json_type = {} if isinstance(reply.body, bytes) else {"Content-Type": "application/json"}
        return reply.status, list({**json_type, **reply.headers}.items()), reply.raw()

    def _git(self, request: GitRequest, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        path, _, query = request.path.partition("?")
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.server.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_NOSYSTEM": "1",
                "HOME": str(self.server.root),
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": request.method,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                **({"REMOTE_USER": request.user} if request.user else {}),
            },
        )
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(v.split()[0]) for k, v in headers if k.lower() == "status"), 200)
        return status, [(k, v) for k, v in headers if k.lower() != "status"], answer

    def _reply(
        self, status: int, headers: list[tuple[str, str]], body: bytes, *, sent: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])

    def _cut(self) -> None:
        """Break the connection off with a reset, as a machine that dies does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


@contextmanager
def serving(
    root: Path, *, users: Mapping[str, str] | None = None, read_only: Collection[str] = ()
) -> Iterator[GitServer]:
    """Serve the repositories below a folder for the length of the block."""
    with GitServer(root, users=users, read_only=read_only) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def write_hook(bare: Path, script: str, *, name: str = "pre-receive") -> None:
    """Give a bare repository a hook, as the rules of a code host; a shell runs it."""
    hook = bare / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)


def protect(bare: Path, branch: str, *, words: str) -> None:
    """Let nobody write a branch, as protected branches of a code host."""
    write_hook(
        bare,
        f'[ "$1" = refs/heads/{branch} ] && {{ echo "{words}" >&2; exit 1; }}; exit 0',
        name="update",
    )


def publish(work: Path, bare: Path, *, filters: bool = True) -> str:
    """Commit everything of a folder and put it into a bare repository that may be served; return the commit."""
    person = [
        f"GIT_{who}_{what}={value}"
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"))
    ]

    def git(*words: str) -> str:
        done = subprocess.run(
            ["env", *person, "git", "-c", "core.autocrlf=false", *words],
            cwd=work,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    if not (work / ".git").exists():
        git("init", "--quiet", "--initial-branch=main")
    git("add", "--all", "--force")
    git("commit", "--quiet", "--allow-empty", "--message=Change")
    if not bare.exists():
        subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
        (bare / "HEAD").write_text("ref: refs/heads/main\n")
    for name in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        subprocess.run(["git", "config", name, str(filters).lower()], cwd=bare, check=True)
    git("push", "--quiet", "--force", "--tags", str(bare), "HEAD:refs/heads/main")
    return git("rev-parse", "HEAD")
