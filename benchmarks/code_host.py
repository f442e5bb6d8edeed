"""Enough of a Gitea for the workers to read pull requests from; its answers take no time of their own."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PULL = re.compile(r"/api/v1/repos/(acme/service-\d+)/pulls/(\d+)")
_AT = "2026-11-30T09:00:00Z"


class CodeHost(ThreadingHTTPServer):
    """Counts how often a pull request was read."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reads = 0
        self.counting = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: CodeHost
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if not path.startswith("/api/"):
            return self._send(404, None)
        found = _PULL.fullmatch(path)
        if found is None:
            return self._send(200, [])
        with self.server.counting:
            self.server.reads += 1
        return self._send(200, _pull_request(found[1], int(found[2])))

    def _send(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def _pull_request(repository: str, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "title": f"Change {number}",
        "body": "Why.",
        "state": "open",
        "merged": False,
        "mergeable": True,
        "draft": False,
        "user": {"id": 1, "login": "mia"},
        "labels": [],
        "head": {"ref": f"change-{number}", "label": f"change-{number}", "sha": f"{number:040x}"},
        "base": {"ref": "main", "sha": "a" * 40},
        "merge_base": "a" * 40,
        "created_at": _AT,
        "updated_at": _AT,
        "html_url": f"http://127.0.0.1/{repository}/pulls/{number}",
    }


@contextmanager
def serving() -> Iterator[CodeHost]:
    host = CodeHost()
    threading.Thread(target=host.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield host
    finally:
        host.shutdown()
        host.server_close()
