"""The stand-in's people, credentials and repositories: what each of its routes begins with."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.http_server import Reply
from tests.stand_ins.base import Call, StandIn
from tests.stand_ins.pagure_state import ADMIN, BOT, READER, Project, person, refused, stamp
from tests.stand_ins.repositories import BareRepositories, BareRepository

__all__ = ["ADMIN", "BOT", "READER", "TOKENS", "PagureCore"]

TOKENS = {
    BOT: "BOTTOKEN" + "B" * 24,
    READER: "READERTOKEN" + "R" * 21,
    ADMIN: "ADMINTOKEN" + "A" * 22,
}
_READERS_RIGHTS = {"pull_request_comment"}
_FORK_FOLDER = "forks/"


class PagureCore(StandIn):
    """What all routes share.

    Attributes:
        projects: By their names in addresses.
        groups: Namespaces in which everybody may make repositories.
        flags: What was said of commits, by repository, commit and uid.
    """

    prefix = "/api/0"

    def __init__(self, repositories: BareRepositories) -> None:
        super().__init__(repositories)
        # all paths begin with a repository's name, which may have slashes: the longest pattern fits best, and
        # a word better than a value
        self._routes.sort(key=lambda known: (-known[2].count("/"), known[2].count("{")))
        # its times are held against those of commits
        self.clock = datetime.now(UTC)
        self.projects: dict[str, Project] = {}
        self.groups: set[str] = set()
        self.people = {BOT, READER, ADMIN}
        self.flags: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.ids = count(1)

    def add(
        self, path: str, owner: str, *, description: str = "A repository", branch: str = "main"
    ) -> Project:
        folder = _FORK_FOLDER + path.removeprefix("fork/") if path.startswith("fork/") else path
        bare = self.repositories.create(folder, branch=branch)
        project = Project(path, owner, description, bare, self.tick())
        self.projects[path] = project
        return project

    def project(self, call: Call) -> Project:
        found = self.projects.get(call["repo"])
        if found is None or not found.bare.folder.is_dir():
            raise refused(404, "ENOPROJECT")
        return found

    def bare(self, path: str) -> BareRepository:
        return self.projects[path].bare

    def signed_in(self, call: Call, right: str) -> str:
        """Return who calls with a token that has a right."""
        kind, _, token = call.request.headers.get("authorization", "").partition(" ")
        user = next((name for name, known in TOKENS.items() if known == token), None)
        if kind != "token" or user is None:
            raise refused(401, "EINVALIDTOK", errors="Invalid token")
        if user == READER and right not in _READERS_RIGHTS:
            raise refused(401, "EINVALIDTOK", errors=f"Missing ACLs: {right}")
        return user

    def paged(
        self, call: Call, key: str, entries: list[Any], *, args: dict[str, Any] | None = None
    ) -> Reply:
        """Answer with one page of a list that lies in an object."""
        size, number = int(call.query.get("per_page", 20)), int(call.query.get("page", 1))
        pages = -(-len(entries) // size)
        more = f"http://elsewhere.example/?page={number + 1}" if number < pages else None
        return Reply(
            200,
            {
                key: entries[(number - 1) * size : number * size],
                f"total_{key}": len(entries),
                "pagination": {"page": number, "pages": pages, "per_page": size, "next": more},
                "args": args or {},
            },
        )

    def form(self, call: Call, *required: str) -> dict[str, Any]:
        """Return the payload, if nothing that must be there is empty."""
        missing = [name for name in required if not call.payload.get(name)]
        if missing:
            words = {name: ["This field is required."] for name in missing}
            raise refused(400, "EINVALIDREQ", errors=words)
        return call.payload

    def flagged(
        self, project: Project, commit: str, uid: str, payload: dict[str, Any], by: str
    ) -> Any:
        """Keep a flag; one of the same commit and uid is rewritten."""
        at = self.tick()
        key = next((known for known in self.flags if known[1:] == (commit, uid)), None)
        old = self.flags[key] if key else {}
        told = {name: payload.get(name) for name in ("username", "status", "comment", "url")}
        if old:
            told["username"] = old["username"]
        flag = {
            **told,
            "commit_hash": commit,
            "date_created": old.get("date_created", stamp(at)),
            "date_updated": stamp(at),
            "user": person(by),
        }
        self.flags[key or (project.path, commit, uid)] = flag
        return flag
