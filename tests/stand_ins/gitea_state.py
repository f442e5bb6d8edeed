"""What a stand-in for Gitea knows besides its git repositories, and how Gitea writes it in JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from tests.stand_ins.repositories import BareRepository, CommitSeen

JSON = dict[str, Any]
NEVER = "0001-01-01T00:00:00Z"
_DRAFT_WORDS = ("WIP:", "[WIP]")
_OF_A_TIMELINE = frozenset(
    {"id", "html_url", "pull_request_url", "issue_url", "user", "body", "created_at", "updated_at"}
)


def stamp(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


@dataclass
class Account:
    """Somebody, or an organisation."""

    id: int
    login: str
    is_organisation: bool = False
    may_write: bool = True

    def json(self) -> JSON:
        return {
            "id": self.id,
            "login": self.login,
            "login_name": "",
            "full_name": self.login.title(),
            "email": f"{self.login}@noreply.forge.example",
            "avatar_url": "",
            "language": "",
            "is_admin": False,
            "last_login": NEVER,
            "created": "2026-01-01T00:00:00Z",
            "active": False,
            "visibility": "public",
        }


@dataclass
class Entry:
    """One entry of a timeline; `hidden` ones count in a page and are left out of it."""

    id: int
    kind: str
    by: Account
    at: datetime
    body: str = ""
    old_title: str = ""
    new_title: str = ""
    updated_at: datetime | None = None
    hidden: bool = False

    def comment_json(self) -> JSON:
        return {
            "id": self.id,
            "html_url": f"https://forge.example/c/{self.id}",
            "pull_request_url": "",
            "issue_url": "",
            "user": self.by.json(),
            "original_author": "",
            "original_author_id": 0,
            "body": self.body,
            "assets": [],
            "created_at": stamp(self.at),
            "updated_at": stamp(self.updated_at or self.at),
        }

    def json(self) -> JSON:
        told = {key: value for key, value in self.comment_json().items() if key in _OF_A_TIMELINE}
        return {
            **told,
            "type": self.kind,
            "old_title": self.old_title,
            "new_title": self.new_title,
            "label": None,
            "assignee": None,
        }


@dataclass
class Review:
    id: int
    by: Account
    state: str
    body: str
    commit: str
    at: datetime
    line_comments: int = 0
    dismissed: bool = False

    def json(self) -> JSON:
        return {
            "id": self.id,
            "user": self.by.json(),
            "team": None,
            "state": self.state,
            "body": self.body,
            "commit_id": self.commit,
            "stale": False,
            "official": True,
            "dismissed": self.dismissed,
            "comments_count": self.line_comments,
            "submitted_at": stamp(self.at),
            "updated_at": stamp(self.at),
            "html_url": "",
            "pull_request_url": "",
        }


@dataclass
class Pull:
    """A pull request; `is_checked` is False while the host has not found out whether it merges."""

    number: int
    by: Account
    title: str
    body: str
    source: str
    target: str
    opened_at: datetime
    updated_at: datetime
    head: str
    merge_base: str
    is_open: bool = True
    closed_at: datetime | None = None
    merge: str = ""
    merged_by: Account | None = None
    is_checked: bool = True
    labels: list[JSON] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    asked: list[Account] = field(default_factory=list)

    @property
    def is_draft(self) -> bool:
        return self.title.upper().startswith(_DRAFT_WORDS)


@dataclass
class Hosted:
    """A repository with what only its code host knows."""

    id: int
    full_name: str
    owner: Account
    bare: BareRepository
    created_at: datetime
    description: str = ""
    is_archived: bool = False
    is_fork: bool = False
    labels: list[JSON] = field(default_factory=list)
    pulls: dict[int, Pull] = field(default_factory=dict)
    statuses: list[JSON] = field(default_factory=list)
    hooks: list[JSON] = field(default_factory=list)
    issues: list[JSON] = field(default_factory=list)
    ids: Any = field(default_factory=lambda: count(1))

    def json(self, web_url: str, *, may_write: bool = True) -> JSON:
        return {
            "id": self.id,
            "owner": self.owner.json(),
            "name": self.full_name.partition("/")[2],
            "full_name": self.full_name,
            "description": self.description,
            "empty": not self.bare.heads(),
            "private": True,
            "fork": self.is_fork,
            "parent": None,
            "mirror": False,
            "archived": self.is_archived,
            "archived_at": NEVER,
            "html_url": f"{web_url}/{self.full_name}",
            "clone_url": f"{web_url}/{self.full_name}.git",
            "default_branch": self.bare.default_branch(),
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.created_at),
            "permissions": {"admin": may_write, "push": may_write, "pull": True},
            "has_pull_requests": True,
        }

    def can_merge(self, pull: Pull) -> bool:
        """Tell whether it merges, as far as the host has found out."""
        base = self.bare.heads().get(pull.target, "")
        common = base and self.bare.git("merge-base", base, pull.head, accept=(0, 1))
        return pull.is_checked and bool(common) and self.bare.can_merge(base, pull.head)

    def pull_json(self, pull: Pull, web_url: str) -> JSON:
        repo = self.json(web_url)
        heads = self.bare.heads()
        base = heads.get(pull.target, "")
        merge_base = pull.merge_base
        if pull.is_open and base:
            merge_base = self.bare.git("merge-base", base, pull.head, accept=(0, 1))
        url = f"{web_url}/{self.full_name}/pulls/{pull.number}"
        is_there = pull.source in heads
        return {
            "id": 400 + pull.number,
            "url": url,
            "html_url": url,
            "number": pull.number,
            "user": pull.by.json(),
            "title": pull.title,
            "body": pull.body,
            "labels": pull.labels,
            "milestone": None,
            "assignee": None,
            "assignees": None,
            "requested_reviewers": [each.json() for each in pull.asked] or None,
            "state": "open" if pull.is_open else "closed",
            "draft": pull.is_draft,
            "is_locked": False,
            "comments": sum(entry.kind == "comment" for entry in pull.entries),
            "mergeable": pull.is_open and not pull.is_draft and self.can_merge(pull),
            "merged": bool(pull.merge),
            "merged_at": stamp(pull.closed_at) if pull.merge else None,
            "merge_commit_sha": pull.merge or None,
            "merged_by": pull.merged_by.json() if pull.merged_by else None,
            "merge_base": merge_base,
            "base": {"label": pull.target, "ref": pull.target, "sha": base, "repo_id": self.id, "repo": repo},
            "head": {
                "label": pull.source,
                "ref": pull.source if is_there else f"refs/pull/{pull.number}/head",
                "sha": pull.head,
                "repo_id": self.id,
                "repo": repo,
            },
            "due_date": None,
            "created_at": stamp(pull.opened_at),
            "updated_at": stamp(pull.updated_at),
            "closed_at": stamp(pull.closed_at),
            "pin_order": 0,
        }  # fmt: skip


def said(words: str) -> JSON:
    """Return a refusal in words."""
    return {"message": words, "url": "https://forge.example/api/swagger"}


def commit_json(commit: CommitSeen) -> JSON:
    person = {"name": commit.author, "email": commit.email, "date": stamp(commit.at)}
    return {
        "sha": commit.sha,
        "url": "",
        "html_url": "",
        "created": stamp(commit.at),
        "commit": {"message": commit.message, "author": person, "committer": person, "url": ""},
        "author": None,
        "committer": None,
        "parents": [{"sha": sha, "url": "", "created": NEVER} for sha in commit.parents],
        "files": None,
        "stats": None,
    }
