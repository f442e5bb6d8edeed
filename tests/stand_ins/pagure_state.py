"""What the stand-in for Pagure keeps, and how it tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.stand_ins.base import Refused
from tests.stand_ins.repositories import BareRepository

BOT, READER, ADMIN = "bot", "reader", "admin"
SETTINGS: dict[str, Any] = {
    "Web-hooks": None,
    "disable_non_fast-forward_merges": False,
    "pull_request_access_only": False,
    "pull_requests": True,
}
_WORDS = {
    "EINVALIDREQ": "Invalid or incomplete input submitted",
    "EINVALIDTOK": "Invalid or expired token.",
    "ENOCOMMIT": "No such commit found in this repository",
    "ENOGROUP": "Group not found",
    "ENOPRCLOSE": "You are not allowed to merge/close pull-request for this project",
    "ENOPRSTATS": "No statistics could be computed for this PR",
    "ENOPROJECT": "Project not found",
    "ENOREQ": "Pull-Request not found",
    "ENOTHIGHENOUGH": "You do not have sufficient permissions to perform this action",
    "ENOUSER": "No such user found",
    "EPRCONFLICTS": "This pull-request conflicts and thus cannot be merged",
}


def refused(status: int, code: str, *, error: str = "", errors: Any = None) -> Refused:
    """Return a refusal as Pagure writes it."""
    body = {"error": error or _WORDS[code], "error_code": code}
    return Refused(status, {**body, **({"errors": errors} if errors is not None else {})})


def stamp(at: datetime | None) -> str | None:
    """Return a moment as Pagure writes it: seconds as a text."""
    return None if at is None else f"{at.timestamp():.6f}"


def person(name: str) -> dict[str, Any]:
    return {"name": name, "fullname": name, "url_path": f"user/{name}"}


@dataclass
class Project:
    """A repository; `path` is its name in addresses."""

    path: str
    owner: str
    description: str
    bare: BareRepository
    created_at: datetime
    parent: Project | None = None
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))
    pulls: list[Pull] = field(default_factory=list)
    committers: set[str] = field(default_factory=set)

    @property
    def namespace(self) -> str | None:
        *before, _ = self.path.split("/")
        return "/".join(before[2:] if before[:1] == ["fork"] else before) or None

    def may_write(self, user: str) -> bool:
        return user in {self.owner, *self.committers}

    def may_manage(self, user: str) -> bool:
        """Tell who may close a pull request, and ask for a merge, which a hook may still refuse."""
        return user == ADMIN or self.may_write(user)

    def json(self) -> dict[str, Any]:
        return {
            "name": self.path.rpartition("/")[2],
            "namespace": self.namespace,
            "fullname": self.path.replace("fork/", "forks/", 1) if self.parent else self.path,
            "url_path": self.path,
            "full_url": f"http://pagure.example/{self.path}",
            "description": self.description,
            "parent": self.parent.json() if self.parent else None,
            "date_created": stamp(self.created_at),
            "user": person(self.owner),
            "tags": [],
        }


@dataclass
class Remark:
    """A comment; a notification is one of Pagure's own."""

    number: int
    by: str
    text: str
    at: datetime
    is_notification: bool = False

    def json(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "comment": self.text,
            "date_created": stamp(self.at),
            "edited_on": None,
            "notification": self.is_notification,
            "user": person(self.by),
        }


@dataclass
class Pull:
    """A pull request; its commits are those of the last time that Pagure looked."""

    number: int
    project: Project
    origin: Project
    title: str
    body: str | None
    source: str
    target: str
    by: str
    created_at: datetime
    updated_on: datetime
    last_updated: datetime
    status: str = "Open"
    commit_start: str | None = None
    commit_stop: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    tags: list[str] = field(default_factory=list)
    comments: list[Remark] = field(default_factory=list)
    merge_status: str = "unknown"

    def json(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "title": self.title,
            "initial_comment": self.body,
            "branch": self.target,
            "branch_from": self.source,
            "project": self.project.json(),
            "repo_from": self.origin.json(),
            "remote_git": None,
            "user": person(self.by),
            "assignee": None,
            "status": self.status,
            "commit_start": self.commit_start,
            "commit_stop": self.commit_stop,
            "date_created": stamp(self.created_at),
            "updated_on": stamp(self.updated_on),
            "last_updated": stamp(self.last_updated),
            "closed_at": stamp(self.closed_at),
            "closed_by": person(self.closed_by) if self.closed_by else None,
            "cached_merge_status": self.merge_status,
            "tags": sorted(self.tags),
            "comments": [remark.json() for remark in self.comments],
            "full_url": f"http://pagure.example/{self.project.path}/pull-request/{self.number}",
        }
