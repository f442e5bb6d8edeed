"""What a stand-in for GitLab knows besides its git repositories, and how GitLab writes it in JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.stand_ins.gitlab_projects import Project

JSON = dict[str, Any]
HOST = "https://gitlab.example"
_DRAFT = re.compile(r"\s*(?:\[draft\]|\(draft\)|draft:)", re.IGNORECASE)


def stamp(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z") if at else None


@dataclass
class User:
    """Somebody with an account; `may_read` is False for those who see no private project."""

    id: int
    username: str
    may_read: bool = True

    def json(self) -> JSON:
        return {
            "id": self.id,
            "username": self.username,
            "public_email": "",
            "name": self.username.title(),
            "state": "active",
            "locked": False,
            "avatar_url": None,
            "web_url": f"{HOST}/{self.username}",
        }


@dataclass
class Namespace:
    """A group, at whatever depth, or the place of a person's own projects."""

    id: int
    full_path: str
    kind: str = "group"

    def json(self) -> JSON:
        name = self.full_path.rpartition("/")[2]
        return {
            "id": self.id,
            "name": name,
            "path": name,
            "kind": self.kind,
            "full_path": self.full_path,
            "parent_id": None,
            "avatar_url": None,
            "web_url": f"{HOST}/groups/{self.full_path}",
        }


@dataclass
class NoteRecord:
    """One entry of a merge request's history."""

    id: int
    by: User
    body: str
    at: datetime
    system: bool = False
    internal: bool = False
    updated_at: datetime | None = None

    def json(self, merge_request: MergeRequest, project_id: int) -> JSON:
        return {
            "id": self.id,
            "type": None,
            "body": self.body,
            "author": self.by.json(),
            "created_at": stamp(self.at),
            "updated_at": stamp(self.updated_at or self.at),
            "system": self.system,
            "noteable_id": merge_request.id,
            "noteable_type": "MergeRequest",
            "project_id": project_id,
            "commit_id": None,
            "resolvable": False,
            "confidential": self.internal,
            "internal": self.internal,
            "imported": False,
            "noteable_iid": merge_request.iid,
            "commands_changes": {},
        }


@dataclass
class MergeRequest:
    """A merge request.

    Attributes:
        status: Shown for `detailed_merge_status` where a test sets one.
        source_project_id: Another project's for one from a fork.
        folded: Paths whose difference GitLab does not show.
    """

    id: int
    iid: int
    by: User
    title: str
    description: str
    source: str
    target: str
    at: datetime
    updated_at: datetime
    head: str
    base: str
    source_project_id: int
    state: str = "opened"
    status: str = ""
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    ended_by: User | None = None
    merge_commit: str = ""
    squash_commit: str = ""
    removes_source: bool = False
    labels: list[str] = field(default_factory=list)
    reviewers: list[User] = field(default_factory=list)
    notes: list[NoteRecord] = field(default_factory=list)
    approvals: dict[str, tuple[User, datetime]] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)

    @property
    def is_draft(self) -> bool:
        return _DRAFT.match(self.title) is not None

    def detailed_status(self, *, can_merge: bool) -> str:
        if self.status:
            return self.status
        if self.state != "opened":
            return "not_open"
        if self.is_draft:
            return "draft_status"
        return "mergeable" if can_merge else "conflict"

    def basic_json(self, project: Project, *, can_merge: bool) -> JSON:
        """Return it as a list shows it."""
        ended_by = self.ended_by.json() if self.ended_by else None
        is_merged = self.state == "merged"
        status = self.detailed_status(can_merge=can_merge)
        has_conflicts = self.state == "opened" and not can_merge and not self.status
        is_known = status not in {"checking", "unchecked", "preparing"}
        web_url = f"{HOST}/{project.path}/-/merge_requests/{self.iid}"
        return {
            "id": self.id,
            "iid": self.iid,
            "project_id": project.id,
            "title": self.title,
            "description": self.description or None,
            "state": self.state,
            "created_at": stamp(self.at),
            "updated_at": stamp(self.updated_at),
            "merged_by": ended_by if is_merged else None,
            "merge_user": ended_by if is_merged else None,
            "merged_at": stamp(self.merged_at),
            "closed_by": ended_by if self.state == "closed" else None,
            "closed_at": stamp(self.closed_at),
            "target_branch": self.target,
            "source_branch": self.source,
            "user_notes_count": sum(not note.system for note in self.notes),
            "author": self.by.json(),
            "assignees": [],
            "assignee": None,
            "reviewers": [user.json() for user in self.reviewers],
            "source_project_id": self.source_project_id,
            "target_project_id": project.id,
            "labels": sorted(self.labels),
            "draft": self.is_draft,
            "work_in_progress": self.is_draft,
            "milestone": None,
            "merge_status": "checking" if not is_known else "can_be_merged" if can_merge else "cannot_be_merged",
            "detailed_merge_status": status,
            "sha": self.head,
            "merge_commit_sha": self.merge_commit or None,
            "squash_commit_sha": self.squash_commit or None,
            "should_remove_source_branch": None,
            "force_remove_source_branch": self.removes_source,
            "web_url": web_url,
            "squash": bool(self.squash_commit),
            "has_conflicts": has_conflicts,
            "blocking_discussions_resolved": True,
        }  # fmt: skip

    def json(self, project: Project, *, can_merge: bool, files: int) -> JSON:
        """Return it as it is shown alone."""
        return {
            **self.basic_json(project, can_merge=can_merge),
            "subscribed": True,
            "changes_count": str(files),
            "merge_error": None,
            "pipeline": None,
            "diff_refs": {
                "base_sha": self.base,
                "head_sha": self.head,
                "start_sha": self.base,
            },
            "user": {"can_merge": True},
        }
