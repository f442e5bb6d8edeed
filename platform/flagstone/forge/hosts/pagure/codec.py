"""Pagure's JSON as our values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flagstone.forge.git.sizes import FileSize
from flagstone.forge.hosts.base import (
    Account,
    Comment,
    CommitStatus,
    PullRequest,
    PullRequestState,
    PullRequestTouch,
    RepositoryEntry,
    StatusState,
    WebhookEntry,
)
from flagstone.forge.hosts.pagure.votes import as_given
from flagstone.forge.hosts.rest.fields import Fields

_STATES: Mapping[str, PullRequestState] = {
    "Open": PullRequestState.OPEN,
    "Merged": PullRequestState.MERGED,
    "Closed": PullRequestState.CLOSED,
}
_STATUSES: Mapping[str, StatusState] = {
    "pending": StatusState.PENDING,
    "success": StatusState.SUCCESS,
    "failure": StatusState.FAILURE,
    "error": StatusState.ERROR,
    "canceled": StatusState.ERROR,
}
# what it has found out about a merge; it looks when somebody opens the page, and forgets when a branch moves
_CONFLICTS: Mapping[str, bool] = {
    "CONFLICTS": True,
    "FFORWARD": False,
    "MERGE": False,
    "NO_CHANGE": False,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a pull request stands in git, which its description tells in part only."""

    head: str
    base: str
    merge: str = ""
    began_at: datetime | None = None


def account_of(fields: Fields, *, own: str) -> Account:
    """Read somebody; `own` is Flagstone's account."""
    login = fields.text("name")
    return Account(login, fields.text("fullname", ""), is_bot=login == own)


def state_of(fields: Fields) -> PullRequestState:
    """Read how a pull request stands."""
    found = _STATES.get(fields.text("status"))
    if found is None:
        raise fields.error(
            f"{fields.host} says of a pull request that it is {fields.text('status')!r}, which "
            "Flagstone does not know."
        )
    return found


def touch_of(fields: Fields) -> PullRequestTouch:
    """Read when a pull request last changed.

    A comment moves `updated_on`; any other change, `last_updated`.
    """
    moments = [fields.optional_moment(key) for key in ("updated_on", "last_updated")]
    latest = max(moment for moment in (fields.moment("date_created"), *moments) if moment)
    return PullRequestTouch(fields.number("id"), latest)


def origin_of(fields: Fields) -> str:
    """Return the repository that a pull request comes from; "" where it is none of this code host."""
    origin = fields.optional("repo_from")
    return origin.text("url_path") if origin else ""


def is_between(fields: Fields, repository: str, *, source: str, target: str) -> bool:
    """Tell whether a pull request leads from one branch of its repository to another."""
    branches = (fields.text("branch_from"), fields.text("branch"))
    return branches == (source, target) and origin_of(fields) == repository


def comment_of(fields: Fields, *, own: str) -> Comment:
    """Read a comment."""
    return Comment(
        number=fields.number("id"),
        by=account_of(fields.inner("user"), own=own),
        body=as_given(fields.text("comment")),
        at=fields.moment("date_created"),
        edited_at=fields.optional_moment("edited_on"),
    )


def comments_of(fields: Fields, *, own: str) -> tuple[Comment, ...]:
    """Read what people said of a pull request; the code host's own notes are among its comments."""
    return tuple(
        comment_of(each, own=own)
        for each in fields.each("comments")
        if not each.flag("notification", default=False)
    )


def pull_request_of(fields: Fields, standing: Standing, *, own: str) -> PullRequest:
    """Read a pull request."""
    state, opened_at = state_of(fields), fields.moment("date_created")
    author = account_of(fields.inner("user"), own=own)
    comments = comments_of(fields, own=own)
    is_open = state is PullRequestState.OPEN
    closed_at = None if is_open else fields.optional_moment("closed_at")
    closed_by = None if is_open else fields.optional("closed_by")
    return PullRequest(
        number=fields.number("id"),
        title=fields.text("title"),
        body=fields.text("initial_comment", ""),
        source=fields.text("branch_from"),
        target=fields.text("branch"),
        author=author,
        state=state,
        is_draft=False,
        labels=fields.texts("tags"),
        head=standing.head,
        base=standing.base,
        opened_at=opened_at,
        updated_at=touch_of(fields).updated_at,
        ready_at=opened_at,
        first_review_at=_first_review(comments, author),
        merged_at=closed_at if state is PullRequestState.MERGED else None,
        closed_at=closed_at,
        merge=standing.merge,
        closed_by=account_of(closed_by, own=own) if closed_by else None,
        comments=comments,
        began_at=standing.began_at,
        url=fields.text("full_url", ""),
        has_conflict=_CONFLICTS.get(fields.text("cached_merge_status", "")) if is_open else None,
    )


def file_sizes_of(fields: Fields) -> tuple[FileSize, ...]:
    """Read the counts of each file, which are named by their paths."""
    sizes = ((path, fields.inner(path)) for path in fields.names())
    return tuple(
        FileSize(path, size.number("lines_added"), size.number("lines_removed"))
        for path, size in sizes
    )


def repository_entry_of(fields: Fields, *, default_branch: str) -> RepositoryEntry:
    """Read a repository of a list."""
    return RepositoryEntry(
        full_name=fields.text("url_path"),
        description=fields.text("description", ""),
        default_branch=default_branch,
        is_fork=fields.optional("parent") is not None,
    )


def webhooks_of(fields: Fields) -> tuple[WebhookEntry, ...]:
    """Read the webhooks of a repository's settings: one address a line."""
    lines = (line.strip() for line in fields.text("Web-hooks", "").splitlines())
    return tuple(WebhookEntry(line, is_active=True) for line in lines if line)


def status_of(fields: Fields) -> CommitStatus:
    """Read a flag; one whose meaning only its operator knows has said nothing yet."""
    return CommitStatus(
        context=fields.text("username"),
        state=_STATUSES.get(fields.text("status"), StatusState.PENDING),
        description=fields.text("comment", ""),
        at=fields.optional_moment("date_updated") or fields.moment("date_created"),
        url=fields.text("url", ""),
    )


def _first_review(comments: tuple[Comment, ...], author: Account) -> datetime | None:
    others = (each for each in comments if not each.by.is_bot and each.by.login != author.login)
    return min((each.at for each in others), default=None)
