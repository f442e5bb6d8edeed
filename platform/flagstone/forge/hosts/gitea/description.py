"""A pull request as Gitea and Forgejo describe it, together with what was said under it; pure."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.forge.hosts.base import Account, PullRequest, PullRequestState, Verdict
from flagstone.forge.hosts.gitea.codec import account_of, moment_of
from flagstone.forge.hosts.gitea.timeline import (
    Conversation,
    first_look,
    last_closed_by,
    ready_since,
)
from flagstone.forge.hosts.gitea.titles import bare_title, is_draft_title
from flagstone.forge.hosts.rest.fields import Fields


@dataclass(frozen=True, slots=True)
class MergeView:
    """What a merge is decided on.

    Attributes:
        base: The target branch's commit.
        common: The commit where the two branches parted.
        looks_mergeable: False also while the code host has not looked yet, and for drafts.
    """

    number: int
    state: PullRequestState
    is_draft: bool
    target: str
    head: str
    base: str
    common: str
    merge: str
    looks_mergeable: bool


def source_of(fields: Fields) -> str:
    """Return the source branch's name; its `ref` names a kept copy once the branch is gone."""
    return fields.inner("head").text("label", "") or fields.inner("head").text("ref", "")


def is_between(fields: Fields, *, source: str, target: str) -> bool:
    """Tell whether a pull request leads from one branch to another of the same repository."""
    head, base = fields.inner("head"), fields.inner("base")
    return (
        source_of(fields) == source
        and base.text("ref", "") == target
        and head.number("repo_id", 0) == base.number("repo_id", 0)
    )


def state_of(fields: Fields) -> PullRequestState:
    if fields.flag("merged", default=False):
        return PullRequestState.MERGED
    is_open = fields.text("state") == PullRequestState.OPEN.value
    return PullRequestState.OPEN if is_open else PullRequestState.CLOSED


def is_draft(fields: Fields) -> bool:
    """Tell whether it is a draft; an old server leaves that to the title alone."""
    return fields.flag("draft", default=is_draft_title(fields.text("title")))


def merge_view_of(fields: Fields) -> MergeView:
    return MergeView(
        number=fields.number("number"),
        state=state_of(fields),
        is_draft=is_draft(fields),
        target=fields.inner("base").text("ref"),
        head=fields.inner("head").text("sha", ""),
        base=fields.inner("base").text("sha", ""),
        common=fields.text("merge_base", ""),
        merge=fields.text("merge_commit_sha", ""),
        looks_mergeable=fields.flag("mergeable", default=False),
    )


def pull_request_of(fields: Fields, conversation: Conversation | None = None) -> PullRequest:
    """Return a pull request, with as much of the conversation as is known."""
    said = conversation or Conversation()
    state, draft = state_of(fields), is_draft(fields)
    author = account_of(fields.optional("user"))
    opened_at = fields.moment("created_at")
    view = merge_view_of(fields)
    title = fields.text("title")
    return PullRequest(
        number=view.number,
        title=bare_title(title) if draft else title,
        body=fields.text("body", ""),
        source=source_of(fields),
        target=view.target,
        author=author,
        state=state,
        is_draft=draft,
        labels=tuple(sorted(label.text("name") for label in fields.each("labels"))),
        head=view.head,
        # of the target branch as it is now nothing follows for what is settled
        base=view.base if state is PullRequestState.OPEN else view.common or view.base,
        opened_at=opened_at,
        updated_at=fields.moment("updated_at"),
        ready_at=None if draft else ready_since(said, opened_at),
        first_review_at=first_look(said, author),
        approved_at=min(
            (each.at for each in said.reviews if each.verdict is Verdict.APPROVED), default=None
        ),
        merged_at=moment_of(fields, "merged_at") if state is PullRequestState.MERGED else None,
        closed_at=None if state is PullRequestState.OPEN else moment_of(fields, "closed_at"),
        merge=view.merge if state is PullRequestState.MERGED else "",
        closed_by=_closed_by(fields, state, said),
        reviews=said.reviews,
        comments=said.comments,
        began_at=said.began_at,
        url=fields.text("html_url", ""),
        # a look that is still to come is told like a conflict: of that only the merge finds out
        has_conflict=False if view.looks_mergeable else None,
    )


def _closed_by(
    fields: Fields, state: PullRequestState, conversation: Conversation
) -> Account | None:
    if state is PullRequestState.OPEN:
        return None
    merger = fields.optional("merged_by")
    return account_of(merger) if merger else last_closed_by(conversation)
