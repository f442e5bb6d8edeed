"""A git server as code hosts have one: git's own http-backend behind a small HTTP server on the loopback."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class GitServer(ThreadingHTTPServer):
    """Serves the bare repositories below a folder, to read only.

    Attributes:
        asked: Path and query of every request, in order.
        moved: Old path to new address: such a request is answered with a redirect.
    """

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.asked: list[str] = []
        self.moved: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: GitServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.server.asked.append(self.path)
        for old, new in self.server.moved.items():
            if path.startswith(old):
                rest = self.path.removeprefix(old)
                return self._reply(301, [("Location", f"{new}{rest}")], b"")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
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
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            },
        )
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(v.split()[0]) for k, v in headers if k.lower() == "status"), 200)
        self._reply(status, [(k, v) for k, v in headers if k.lower() != "status"], answer)
        return None

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(root: Path) -> Iterator[GitServer]:
    """Serve the repositories below a folder for the length of the block."""
    with GitServer(root) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


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
