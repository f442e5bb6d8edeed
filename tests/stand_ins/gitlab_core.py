"""What every route of the stand-in for GitLab needs: who asks, and what is asked about."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.http_server import Reply, Request
from tests.stand_ins.base import Call, Refused, StandIn
from tests.stand_ins.gitlab_projects import Project
from tests.stand_ins.gitlab_state import JSON, MergeRequest, Namespace, NoteRecord, User
from tests.stand_ins.repositories import BareRepositories

TOKEN = "glpat-canary-7c41d09be2"
BOT = "flagstone-bot"


def said(status: int, message: Any) -> Refused:
    return Refused(status, {"message": message})


class GitLabCore(StandIn):
    """Accounts, groups and projects.

    Attributes:
        tokens: Credential to user name.
        tells_approvals: Whether there is a list of approvals, which old versions have not.
    """

    prefix = "/api/v4"

    def __init__(self, repositories: BareRepositories) -> None:
        super().__init__(repositories)
        self.ids = count(1)
        self.projects: dict[str, Project] = {}
        self.users: dict[str, User] = {}
        self.namespaces: dict[str, Namespace] = {}
        self.tokens = {TOKEN: BOT}
        self.tells_approvals = True
        self.add_person(BOT)

    @property
    def web_url(self) -> str:
        """Where git is."""
        raise NotImplementedError

    def add_person(self, username: str, *, may_read: bool = True) -> User:
        user = User(next(self.ids), username, may_read)
        self.users[username] = user
        self.namespaces[username] = Namespace(next(self.ids), username, "user")
        self.tokens[f"token-of-{username}"] = username
        return user

    def add_group(self, full_path: str) -> Namespace:
        """Make a group, and those that it lies in."""
        parent = full_path.rpartition("/")[0]
        if parent:
            self.add_group(parent)
        if full_path not in self.namespaces:
            self.namespaces[full_path] = Namespace(next(self.ids), full_path)
        return self.namespaces[full_path]

    def add_project(self, path: str, *, branch: str = "main", description: str = "") -> Project:
        """Make an empty project."""
        owner = path.rpartition("/")[0]
        namespace = self.namespaces.get(owner) or self.add_group(owner)
        bare = self.repositories.create(path, branch=branch)
        project = Project(next(self.ids), path, namespace, bare, self.tick(), description)
        self.projects[path.lower()] = project
        return project

    def before(self, request: Request) -> None:
        self.asker(request)

    def asker(self, request: Request) -> User:
        name = self.tokens.get(request.headers.get("private-token", ""))
        if name is None:
            raise said(401, "401 Unauthorized")
        return self.users[name]

    def project(self, call: Call, *, to_write: bool = False) -> Project:
        wanted = call["id"]
        found = self.projects.get(wanted.lower())
        if wanted.isdigit():
            found = next((p for p in self.projects.values() if p.id == int(wanted)), None)
        if found is None or not self.asker(call.request).may_read:
            raise said(404, "404 Project Not Found")
        if to_write and found.archived:
            raise said(403, "403 Forbidden")
        return found

    def merge_request(self, call: Call, *, to_write: bool = False) -> tuple[Project, MergeRequest]:
        """Return one as it is after whatever was pushed."""
        project = self.project(call, to_write=to_write)
        if not call["iid"].isdigit() or call.number("iid") not in project.merge_requests:
            raise said(404, "404 Not found")
        found = project.merge_requests[call.number("iid")]
        self.refresh(project, found)
        return project, found

    def refresh(self, project: Project, found: MergeRequest) -> None:
        heads = project.bare.heads()
        head, target = heads.get(found.source), heads.get(found.target)
        if found.state != "opened" or head is None or target is None:
            return
        if head != found.head:
            found.head, found.updated_at = head, self.tick()
            self.note(found, found.by, "added 1 commit", system=True)
        found.base = project.bare.git("merge-base", target, head, accept=(0, 1))

    def can_merge(self, project: Project, found: MergeRequest) -> bool:
        target = project.bare.heads().get(found.target, "")
        return found.state != "opened" or project.bare.can_merge(target, found.head)

    def shown(self, project: Project, found: MergeRequest) -> JSON:
        files = len(project.bare.files(found.base, found.head)) if found.base else 0
        return found.json(project, can_merge=self.can_merge(project, found), files=files)

    def note(
        self,
        found: MergeRequest,
        by: User,
        body: str,
        *,
        system: bool = False,
        internal: bool = False,
    ) -> NoteRecord:
        record = NoteRecord(next(self.ids), by, body, self.tick(), system, internal)
        found.notes.append(record)
        found.updated_at = record.at
        return record

    def numbered(self, call: Call, entries: list[Any]) -> Reply:
        """Answer with one page of a list, and the headers that tell where it is in it."""
        reply = self.page(call, entries, usual=20)
        number, size = int(call.query.get("page", 1)), int(call.query.get("per_page", 20))
        pages = -(-len(entries) // size)
        told = {
            "X-Page": str(number),
            "X-Per-Page": str(size),
            "X-Next-Page": str(number + 1) if number < pages else "",
            "X-Total": str(len(entries)),
            "X-Total-Pages": str(max(pages, 1)),
        }
        return Reply(reply.status, reply.body, {**reply.headers, **told})
