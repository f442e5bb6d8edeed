"""Enough of a Gitea for the workers to open and read pull requests; its answers take no time of their own."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.http_server import Reply, Request, serving

_ANY_PULL = re.compile(r"/api/v1/repos/([\w-]+/[\w-]+)/pulls/(\d+)")
_REPOSITORY = re.compile(r"/api/v1/repos/([\w-]+/[\w-]+)")
_FILES = re.compile(r"/api/v1/repos/[\w-]+/[\w-]+/pulls/(\d+)/files")
_BETWEEN = re.compile(r"/api/v1/repos/[\w-]+/[\w-]+/pulls/main/.+")
_AT = "2026-11-30T09:00:00Z"


class CodeHost:
    """Every pull request is there; those that were opened here are as they were opened.

    Attributes:
        reads: How often a pull request was read.
        url: Where it is.
    """

    def __init__(self) -> None:
        self.reads = 0
        self.url = ""
        self._opened: list[dict[str, Any]] = []
        self._counting = threading.Lock()

    def answer(self, request: Request) -> Reply:
        path = request.path.partition("?")[0]
        if request.method == "POST" and path.endswith("/pulls"):
            return Reply(201, self._open(path, request.json))
        if not path.startswith("/api/") or _BETWEEN.fullmatch(path):
            return Reply(404, {"message": "Not Found"})
        if found := _FILES.fullmatch(path):
            sizes = {"additions": 1, "deletions": 1}
            files = self.files_of(self._asked(int(found[1])))
            return Reply(200, [{"filename": name, **sizes} for name in files])
        if found := _ANY_PULL.fullmatch(path):
            with self._counting:
                self.reads += 1
            return Reply(200, self._pull_request(found[1], int(found[2])))
        if found := _REPOSITORY.fullmatch(path):
            return Reply(200, {"full_name": found[1], "default_branch": "main", "empty": False})
        return Reply(200, [])

    def commit_of(self, branch: str) -> str:
        """Return the commit that a branch stands at."""
        return hashlib.sha1(branch.encode(), usedforsecurity=False).hexdigest()

    def files_of(self, pull_request: dict[str, Any]) -> list[str]:
        """Return the paths that a pull request changes."""
        return []

    def _asked(self, number: int) -> dict[str, Any]:
        """Return what somebody opened a pull request with."""
        if number <= len(self._opened):
            return self._opened[number - 1]
        return {"head": f"change-{number}", "title": f"Change {number}", "body": "Why."}

    def _open(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        with self._counting:
            self._opened.append(asked)
            number = len(self._opened)
        found = _REPOSITORY.match(path)
        return self._pull_request(found[1] if found else "", number)

    def _pull_request(self, repository: str, number: int) -> dict[str, Any]:
        asked = self._asked(number)
        head, base = asked["head"], self.commit_of("main")
        return {
            "number": number,
            "title": asked["title"],
            "body": asked["body"],
            "state": "open",
            "merged": False,
            "mergeable": True,
            "draft": False,
            "user": {"id": 1, "login": "mia"},
            "labels": [],
            "head": {"ref": head, "label": head, "sha": self.commit_of(head)},
            "base": {"ref": "main", "sha": base},
            "merge_base": base,
            "created_at": _AT,
            "updated_at": _AT,
            "html_url": f"{self.url}/{repository}/pulls/{number}",
        }


@contextmanager
def serving_code_host() -> Iterator[CodeHost]:
    """Serve its API alone for the length of the block."""
    host = CodeHost()
    with serving(host.answer) as server:
        host.url = server.url
        yield host
