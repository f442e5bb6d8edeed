"""What Gitea and Forgejo say in JSON, as the values that everybody uses; pure.

A moment that never came is written as the first day of the first year, or as null, or left out.
"""

from __future__ import annotations

from datetime import datetime

from flagstone.forge.git.sizes import FileSize
from flagstone.forge.hosts.base import (
    Account,
    Comment,
    CommitStatus,
    PullRequestTouch,
    RepositoryEntry,
    RepositoryInfo,
    Review,
    StatusState,
    Verdict,
    WebhookEntry,
)
from flagstone.forge.hosts.rest.fields import Fields

_FIRST_YEAR = 1970
_ACTIONS_USER = -2
_VERDICTS = {
    "APPROVED": Verdict.APPROVED,
    "REQUEST_CHANGES": Verdict.CHANGES_REQUESTED,
    "COMMENT": Verdict.COMMENTED,
}
# a warning and a skipped check hold no merge up here; a word that is new to us decides nothing
_STATES = {
    "success": StatusState.SUCCESS,
    "warning": StatusState.SUCCESS,
    "skipped": StatusState.SUCCESS,
    "failure": StatusState.FAILURE,
    "error": StatusState.ERROR,
}


def moment_of(fields: Fields, key: str) -> datetime | None:
    """Return a moment; None where it never came."""
    found = fields.optional_moment(key)
    return None if found is None or found.year <= _FIRST_YEAR else found


def account_of(fields: Fields | None) -> Account:
    """Return somebody; who was deleted is a ghost, as the code host shows them."""
    if fields is None:
        return Account("Ghost")
    login = fields.text("login")
    is_bot = fields.number("id", 0) == _ACTIONS_USER or login.endswith("[bot]")
    return Account(login, fields.text("full_name", ""), fields.text("email", ""), is_bot)


def review_of(fields: Fields) -> Review | None:
    """Return a review; None for one that is only asked for, or not sent off yet.

    A dismissed one is kept for its words: its verdict does not count any more.
    """
    verdict = _VERDICTS.get(fields.text("state", ""))
    at = moment_of(fields, "submitted_at")
    if verdict is None or at is None:
        return None
    if fields.flag("dismissed", default=False):
        verdict = Verdict.COMMENTED
    return Review(
        by=account_of(fields.optional("user")),
        verdict=verdict,
        body=fields.text("body", ""),
        commit=fields.text("commit_id", ""),
        at=at,
    )


def comment_of(fields: Fields) -> Comment:
    at = fields.moment("created_at")
    edited_at = moment_of(fields, "updated_at")
    return Comment(
        number=fields.number("id"),
        by=account_of(fields.optional("user")),
        body=fields.text("body", ""),
        at=at,
        edited_at=edited_at if edited_at and edited_at > at else None,
    )


def status_of(fields: Fields) -> CommitStatus:
    return CommitStatus(
        context=fields.text("context"),
        state=_STATES.get(fields.text("status"), StatusState.PENDING),
        description=fields.text("description", ""),
        at=fields.moment("created_at"),
        url=fields.text("target_url", ""),
    )


def touch_of(fields: Fields) -> PullRequestTouch:
    return PullRequestTouch(fields.number("number"), fields.moment("updated_at"))


def file_size_of(fields: Fields) -> FileSize:
    return FileSize(
        fields.text("filename"), fields.number("additions", 0), fields.number("deletions", 0)
    )


def written_at(fields: Fields) -> datetime | None:
    """Return when a commit was written by its author; None where that is not told."""
    commit = fields.optional("commit")
    author = commit.optional("author") if commit else None
    return moment_of(author, "date") if author else None


def repository_entry_of(fields: Fields) -> RepositoryEntry:
    is_empty = fields.flag("empty", default=False)
    return RepositoryEntry(
        full_name=fields.text("full_name"),
        description=fields.text("description", ""),
        default_branch="" if is_empty else fields.text("default_branch", ""),
        is_archived=fields.flag("archived", default=False),
        is_fork=fields.flag("fork", default=False),
    )


def repository_info_of(fields: Fields, *, default_branch: str, head: str) -> RepositoryInfo:
    permissions = fields.optional("permissions")
    return RepositoryInfo(
        full_name=fields.text("full_name"),
        description=fields.text("description", ""),
        default_branch=default_branch,
        head=head,
        url=fields.text("html_url", ""),
        is_archived=fields.flag("archived", default=False),
        may_write=permissions.flag("push", default=False) if permissions else None,
    )


def webhook_of(fields: Fields) -> WebhookEntry:
    config = fields.optional("config")
    return WebhookEntry(
        url=config.text("url", "") if config else "",
        is_active=fields.flag("active", default=False),
        events=frozenset(fields.texts("events")),
    )
