"""From GitHub's JSON to our values: pull requests and what happened to them, in one timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from flagstone.forge.hosts.base import (
    Account,
    Comment,
    PullRequest,
    PullRequestState,
    Review,
    Verdict,
)
from flagstone.forge.hosts.rest.fields import Fields

# an account that was deleted has no user any more; GitHub shows this one
GHOST = Account("ghost")

# a dismissed approval counts no more: what is left of it is a comment
_VERDICTS = {
    "approved": Verdict.APPROVED,
    "changes_requested": Verdict.CHANGES_REQUESTED,
    "commented": Verdict.COMMENTED,
    "dismissed": Verdict.COMMENTED,
}


@dataclass(slots=True)
class Timeline:
    """What happened to a pull request, the oldest first; `said` is who wrote anything, and when."""

    reviews: list[Review] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    said: list[tuple[Account, datetime]] = field(default_factory=list)
    began_at: datetime | None = None
    ready_at: datetime | None = None
    closed_by: Account | None = None


def read_account(fields: Fields | None) -> Account:
    if fields is None:
        return GHOST
    login = fields.text("login")
    is_bot = fields.text("type", "") == "Bot" or login.endswith("[bot]")
    return Account(login, fields.text("name", ""), fields.text("email", ""), is_bot)


def read_timeline(events: Iterable[Fields]) -> Timeline:
    """Read the events that we use; all others are passed over."""
    timeline = Timeline()
    readers = {
        "committed": _read_commit,
        "reviewed": _read_review,
        "commented": _read_comment,
        "line-commented": _read_line_comments,
        "ready_for_review": _read_ready,
        "closed": _read_closed,
    }
    for event in events:
        if reader := readers.get(event.text("event", "")):
            reader(timeline, event)
    return timeline


def read_pull_request(fields: Fields, timeline: Timeline | None = None) -> PullRequest:
    """Read a pull request; what only its timeline tells stays unknown without one."""
    happened = timeline or Timeline()
    author = read_account(fields.optional("user"))
    state, is_draft = read_state(fields), fields.flag("draft", default=False)
    opened_at = fields.moment("created_at")
    head, base = fields.inner("head"), fields.inner("base")
    merged_by = fields.optional("merged_by")
    is_merged = state is PullRequestState.MERGED
    return PullRequest(
        number=fields.number("number"),
        title=fields.text("title"),
        body=fields.text("body", ""),
        source=head.text("ref"),
        target=base.text("ref"),
        author=author,
        state=state,
        is_draft=is_draft,
        labels=tuple(sorted(label.text("name") for label in fields.each("labels"))),
        head=head.text("sha"),
        base=base.text("sha"),
        opened_at=opened_at,
        updated_at=fields.moment("updated_at"),
        ready_at=None if is_draft else happened.ready_at or opened_at,
        first_review_at=_first(at for by, at in happened.said if _is_other_person(by, author)),
        approved_at=_first(
            review.at
            for review in happened.reviews
            if review.verdict is Verdict.APPROVED and _is_other_person(review.by, author)
        ),
        merged_at=fields.optional_moment("merged_at"),
        closed_at=fields.optional_moment("closed_at"),
        # of an open one it is a merge that GitHub only tried
        merge=fields.text("merge_commit_sha", "") if is_merged else "",
        closed_by=_closed_by(state, merged_by, happened),
        reviews=tuple(happened.reviews),
        comments=tuple(happened.comments),
        began_at=happened.began_at,
        url=fields.text("html_url", ""),
        has_conflict=_has_conflict(fields),
    )


def read_state(fields: Fields) -> PullRequestState:
    if fields.optional_moment("merged_at") is not None:
        return PullRequestState.MERGED
    is_open = fields.text("state") == "open"
    return PullRequestState.OPEN if is_open else PullRequestState.CLOSED


def read_comment(fields: Fields) -> Comment:
    at, edited_at = fields.moment("created_at"), fields.optional_moment("updated_at")
    return Comment(
        number=fields.number("id"),
        by=read_account(fields.optional("user")),
        body=fields.text("body", ""),
        at=at,
        edited_at=edited_at if edited_at != at else None,
    )


def _read_commit(timeline: Timeline, event: Fields) -> None:
    author = event.optional("author")
    at = author.optional_moment("date") if author else None
    timeline.began_at = min(filter(None, (timeline.began_at, at)), default=None)


def _read_review(timeline: Timeline, event: Fields) -> None:
    verdict = _VERDICTS.get(event.text("state", "").lower())
    at = event.optional_moment("submitted_at")
    if verdict is None or at is None:  # somebody still writes it
        return
    by = read_account(event.optional("user"))
    review = Review(by, verdict, event.text("body", ""), event.text("commit_id", ""), at)
    timeline.reviews.append(review)
    timeline.said.append((by, at))


def _read_comment(timeline: Timeline, event: Fields) -> None:
    comment = read_comment(event)
    timeline.comments.append(comment)
    timeline.said.append((comment.by, comment.at))


def _read_line_comments(timeline: Timeline, event: Fields) -> None:
    for comment in event.each("comments"):
        by = read_account(comment.optional("user"))
        timeline.said.append((by, comment.moment("created_at")))


def _read_ready(timeline: Timeline, event: Fields) -> None:
    timeline.ready_at = event.moment("created_at")


def _read_closed(timeline: Timeline, event: Fields) -> None:
    actor = event.optional("actor")
    timeline.closed_by = read_account(actor)


def _closed_by(
    state: PullRequestState, merged_by: Fields | None, timeline: Timeline
) -> Account | None:
    if state is PullRequestState.OPEN:
        return None
    if state is PullRequestState.MERGED and merged_by is not None:
        return read_account(merged_by)
    return timeline.closed_by


def _has_conflict(fields: Fields) -> bool | None:
    """Tell whether both sides changed the same lines; GitHub finds out after it was asked for the first time."""
    if fields.values.get("mergeable") is None:
        return None
    return not fields.flag("mergeable")


def _is_other_person(by: Account, author: Account) -> bool:
    return not by.is_bot and by.login != author.login


def _first(moments: Iterable[datetime]) -> datetime | None:
    return min(moments, default=None)
