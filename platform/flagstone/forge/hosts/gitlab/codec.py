"""What GitLab's API says, as our values; pure, and lenient about all that we do not use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from flagstone.forge.hosts.base import (
    Account,
    Comment,
    CommitStatus,
    PullRequest,
    PullRequestState,
    PullRequestTouch,
    RepositoryEntry,
    RepositoryInfo,
    StatusState,
    WebhookEntry,
)
from flagstone.forge.hosts.gitlab.texts import is_draft_title, plain_title
from flagstone.forge.hosts.rest.fields import Fields

DEVELOPER = 30  # the access level from which on one may push
# the users behind access tokens, and GitLab's own; only administrators are told that somebody is a bot
_BOT = re.compile(
    r"(?:project|group)_\d+_bot\w*|service_account_\w+|.+[-_.]bot|ghost", re.IGNORECASE
)
_STATES = {
    "opened": PullRequestState.OPEN,
    "reopened": PullRequestState.OPEN,  # of GitLab's early years
    "locked": PullRequestState.OPEN,  # while it is being merged
    "closed": PullRequestState.CLOSED,
    "merged": PullRequestState.MERGED,
}
_STATUSES = {
    "success": StatusState.SUCCESS,
    "skipped": StatusState.SUCCESS,
    "failed": StatusState.FAILURE,
    "canceled": StatusState.ERROR,
    "canceling": StatusState.ERROR,
}
HOST_STATUSES = {
    StatusState.PENDING: "pending",
    StatusState.SUCCESS: "success",
    StatusState.FAILURE: "failed",
    StatusState.ERROR: "failed",
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something in a merge request's history: said by somebody, or noted by GitLab itself.

    Attributes:
        is_internal: Not for everybody who may see the merge request.
    """

    comment: Comment
    is_system: bool
    is_internal: bool


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval that holds now; older GitLabs do not tell since when."""

    by: Account
    at: datetime | None


def read_account(fields: Fields | None) -> Account:
    """Read somebody; who is gone is called `ghost`, as GitLab does."""
    if fields is None:
        return Account("ghost", is_bot=True)
    login = fields.text("username")
    return Account(
        login,
        fields.text("name", ""),
        fields.text("public_email", ""),
        is_bot=bool(_BOT.fullmatch(login)),
    )


def read_merge_request(fields: Fields) -> PullRequest:
    """Read a merge request, but for what its history tells."""
    state = read_state(fields)
    is_merged, is_open = state is PullRequestState.MERGED, state is PullRequestState.OPEN
    title = fields.text("title")
    refs = fields.optional("diff_refs")
    head = fields.text("sha", "") or (refs.text("head_sha", "") if refs else "")
    closed_by = fields.optional("closed_by")
    if is_merged:
        closed_by = fields.optional("merge_user") or fields.optional("merged_by")
    merged_at = fields.optional_moment("merged_at") if is_merged else None
    is_ended = not is_open
    return PullRequest(
        number=fields.number("iid"),
        title=plain_title(title),
        body=fields.text("description", ""),
        source=fields.text("source_branch"),
        target=fields.text("target_branch"),
        author=read_account(fields.optional("author")),
        state=state,
        is_draft=_is_draft(fields, title),
        labels=fields.texts("labels"),
        head=head,
        base=refs.text("base_sha", "") if refs else "",
        opened_at=fields.moment("created_at"),
        updated_at=fields.moment("updated_at"),
        merged_at=merged_at,
        closed_at=merged_at or (fields.optional_moment("closed_at") if is_ended else None),
        merge=_merge_commit(fields, head) if is_merged else "",
        closed_by=read_account(closed_by) if is_ended and closed_by else None,
        url=fields.text("web_url", ""),
        has_conflict=has_conflict(fields) if is_open else None,
    )


def has_conflict(fields: Fields) -> bool | None:
    """Tell whether both sides changed the same lines; None while GitLab has not found out."""
    if fields.flag("has_conflicts", default=False):
        return True
    return False if fields.text("merge_status", "") == "can_be_merged" else None


def read_state(fields: Fields) -> PullRequestState:
    state = _STATES.get(fields.text("state"))
    if state is None:
        raise fields.error(f"{fields.host} described a {fields.what} in a state of its own.")
    return state


def read_touch(fields: Fields) -> PullRequestTouch:
    return PullRequestTouch(fields.number("iid"), fields.moment("updated_at"))


def is_from_a_fork(fields: Fields) -> bool:
    """Tell whether the source branch lies in another project."""
    target = fields.number("target_project_id", 0)
    return fields.number("source_project_id", target) != target


def _is_draft(fields: Fields, title: str) -> bool:
    flags = (fields.flag("draft", default=False), fields.flag("work_in_progress", default=False))
    return any(flags) or is_draft_title(title)


def _merge_commit(fields: Fields, head: str) -> str:
    """Return what stands on the target branch; a merge by fast-forward makes no commit of its own."""
    return fields.text("merge_commit_sha", "") or fields.text("squash_commit_sha", "") or head


def read_note(fields: Fields) -> Note:
    at, updated_at = fields.moment("created_at"), fields.optional_moment("updated_at")
    internal = ("internal", "confidential")  # its name before GitLab 15.5
    return Note(
        Comment(
            number=fields.number("id"),
            by=read_account(fields.optional("author")),
            body=fields.text("body", ""),
            at=at,
            edited_at=updated_at if updated_at != at else None,
        ),
        is_system=fields.flag("system", default=False),
        is_internal=any(fields.flag(key, default=False) for key in internal),
    )


def read_approvals(fields: Fields) -> list[Approval]:
    return [
        Approval(read_account(each.optional("user")), each.optional_moment("approved_at"))
        for each in fields.each("approved_by")
    ]


def read_status(fields: Fields) -> CommitStatus:
    moments = (fields.optional_moment(key) for key in ("finished_at", "started_at"))
    return CommitStatus(
        context=fields.text("name"),
        state=_STATUSES.get(fields.text("status"), StatusState.PENDING),
        description=fields.text("description", ""),
        at=next((at for at in moments if at), None) or fields.moment("created_at"),
        url=fields.text("target_url", ""),
    )


def read_repository(fields: Fields, *, default_branch: str, head: str) -> RepositoryInfo:
    """Read a project whose default branch stands at that commit."""
    return RepositoryInfo(
        full_name=fields.text("path_with_namespace"),
        description=fields.text("description", ""),
        default_branch=default_branch,
        head=head,
        url=fields.text("web_url", ""),
        is_archived=fields.flag("archived", default=False),
        may_write=_may_write(fields),
    )


def _may_write(fields: Fields) -> bool | None:
    """Tell whether we may push; None where no role is told, as to administrators, who need none."""
    permissions = fields.optional("permissions")
    if permissions is None:
        return None
    roles = [permissions.optional(key) for key in ("project_access", "group_access")]
    levels = [role.number("access_level", 0) for role in roles if role]
    return max(levels) >= DEVELOPER if levels else None


def read_entry(fields: Fields) -> RepositoryEntry:
    is_empty = fields.flag("empty_repo", default=False)
    return RepositoryEntry(
        full_name=fields.text("path_with_namespace"),
        description=fields.text("description", ""),
        default_branch="" if is_empty else fields.text("default_branch", ""),
        is_archived=fields.flag("archived", default=False),
        is_fork=fields.optional("forked_from_project") is not None,
    )


def is_leaving(fields: Fields) -> bool:
    """Tell whether a project was deleted, and only waits for GitLab to remove it."""
    return any(fields.text(f"marked_for_deletion_{end}", "") for end in ("on", "at"))


def read_webhook(fields: Fields) -> WebhookEntry:
    """Read a webhook; its events are called as GitLab calls them (`push`, `merge_requests`)."""
    flags = fields.values if isinstance(fields.values, dict) else {}
    return WebhookEntry(
        url=fields.text("url"),
        is_active=fields.text("alert_status", "executable") == "executable",
        events=frozenset(
            key.removesuffix("_events")
            for key, value in flags.items()
            if key.endswith("_events") and value is True
        ),
    )
