"""What the stand-in for GitHub keeps of accounts, repositories and pull requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.stand_ins.base import Refused
from tests.stand_ins.repositories import BareRepository

DOCUMENTATION = "https://docs.github.com/rest"
_RIGHTS = ("none", "read", "triage", "write", "admin")


def said(message: str, *errors: dict[str, str] | str) -> dict[str, Any]:
    """Return the body of a refusal."""
    body: dict[str, Any] = {"message": message, "documentation_url": DOCUMENTATION}
    return {**body, "errors": list(errors)} if errors else body


def invalid(field_name: str, code: str = "invalid", message: str = "") -> Refused:
    """Return the 422 about a field of a pull request, or, without one, about all of it."""
    error = {"resource": "PullRequest", "code": code}
    error |= {"field": field_name} if field_name else {}
    error |= {"message": message} if message else {}
    return Refused(422, said("Validation Failed", error))


@dataclass
class Account:
    number: int
    login: str
    kind: str = "User"  # "Organization" or "Bot"


@dataclass
class Pull:
    """A pull request; `events` are those that are not read from git."""

    number: int
    title: str
    body: str | None
    source: str
    target: str
    author: Account
    head: str
    base: str
    opened_at: datetime
    updated_at: datetime
    is_draft: bool = False
    labels: list[str] = field(default_factory=list)
    reviewers: list[Account] = field(default_factory=list)
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass
class Comment:
    number: int
    pull: int
    by: Account
    body: str
    at: datetime
    edited_at: datetime


@dataclass
class Hosted:
    """A repository.

    Attributes:
        rights: Login to `none`, `read`, `triage`, `write` or `admin`; who is not named may `write`.
        has_drafts: A private repository of a free plan has none.
        knows_mergeable: It has found out whether its pull requests can be merged.
        merge_refusal: Why the rules of the target branch allow no merge.
        statuses: Commit to all that was said of it, the newest first.
        checks: Commit to check runs.
    """

    number: int
    full_name: str
    owner: Account
    bare: BareRepository
    created_at: datetime
    description: str | None = None
    is_private: bool = True
    is_archived: bool = False
    is_fork: bool = False
    has_issues: bool = True
    has_drafts: bool = True
    knows_mergeable: bool = True
    merge_refusal: str = ""
    rights: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    issues: int = 0
    comments: list[Comment] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    hooks: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    checks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.full_name.partition("/")[2]

    def may(self, login: str, needed: str) -> bool:
        return _RIGHTS.index(self.rights.get(login, "write")) >= _RIGHTS.index(needed)
