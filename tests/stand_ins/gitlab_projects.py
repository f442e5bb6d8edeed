"""What a stand-in for GitLab knows of a project, and how GitLab writes that in JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from tests.stand_ins.gitlab_state import HOST, JSON, MergeRequest, Namespace, User, stamp
from tests.stand_ins.repositories import BareRepository, CommitSeen

DEVELOPER, MAINTAINER = 30, 40


@dataclass
class Project:
    """A project with what only its code host knows.

    Attributes:
        may_label: Whether missing labels are made for whoever asks.
        most_reviewers: More are left out, as where nobody pays.
    """

    id: int
    path: str
    namespace: Namespace
    bare: BareRepository
    created_at: datetime
    description: str = ""
    archived: bool = False
    fork_of: int | None = None
    leaving_on: str | None = None
    access_level: int = MAINTAINER
    may_label: bool = True
    most_reviewers: int = 9
    issues_enabled: bool = True
    labels: set[str] = field(default_factory=set)
    merge_requests: dict[int, MergeRequest] = field(default_factory=dict)
    statuses: list[JSON] = field(default_factory=list)
    hooks: list[JSON] = field(default_factory=list)
    issues: list[JSON] = field(default_factory=list)
    ids: Any = field(default_factory=lambda: count(1))

    def json(self, web_url: str) -> JSON:
        is_empty = not self.bare.heads()
        role = {"access_level": self.access_level, "notification_level": 3}
        return {
            "id": self.id,
            "description": self.description or None,
            "name": self.path.rpartition("/")[2],
            "path": self.path.rpartition("/")[2],
            "path_with_namespace": self.path,
            "created_at": stamp(self.created_at),
            "default_branch": None if is_empty else self.bare.default_branch(),
            "http_url_to_repo": f"{web_url}/{self.path}.git",
            "web_url": f"{web_url}/{self.path}",
            "namespace": self.namespace.json(),
            "empty_repo": is_empty,
            "archived": self.archived,
            "visibility": "private",
            "issues_enabled": self.issues_enabled,
            "merge_requests_enabled": True,
            "marked_for_deletion_on": self.leaving_on,
            "permissions": {"project_access": role, "group_access": None},
            **({"forked_from_project": {"id": self.fork_of}} if self.fork_of else {}),
        }


def commit_json(seen: CommitSeen) -> JSON:
    at = stamp(seen.at)
    return {
        "id": seen.sha,
        "short_id": seen.sha[:8],
        "created_at": at,
        "parent_ids": list(seen.parents),
        "title": seen.message.partition("\n")[0],
        "message": seen.message,
        "author_name": seen.author,
        "author_email": seen.email,
        "authored_date": at,
        "committer_name": seen.author,
        "committer_email": seen.email,
        "committed_date": at,
        "trailers": {},
        "web_url": f"{HOST}/commit/{seen.sha}",
    }


def status_json(number: int, by: User, sha: str, told: JSON, at: datetime) -> JSON:
    is_over = told["state"] in {"success", "failed", "canceled"}
    return {
        "id": number,
        "sha": sha,
        "ref": told.get("ref", "main"),
        "status": told["state"],
        "name": told.get("name") or told.get("context") or "default",
        "target_url": told.get("target_url"),
        "description": told.get("description"),
        "created_at": stamp(at),
        "started_at": None,
        "finished_at": stamp(at) if is_over else None,
        "allow_failure": False,
        "coverage": None,
        "author": by.json(),
    }
