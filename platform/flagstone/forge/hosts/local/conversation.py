"""How a pull request looks after somebody said something; pure, so the times are the caller's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flagstone.forge.errors import NotAllowed, PullRequestNotOpen
from flagstone.forge.hosts.base import (
    Account,
    Comment,
    PullRequest,
    PullRequestState,
    Review,
    Verdict,
)
from flagstone.forge.hosts.markers import mark_text

# that of the other code hosts
LONGEST_COMMENT = 65_536


def require_open(pull_request: PullRequest) -> None:
    """Refuse what only an open pull request takes.

    Raises:
        PullRequestNotOpen: It was merged or closed.
    """
    if pull_request.state is not PullRequestState.OPEN:
        raise PullRequestNotOpen(
            f"Pull request #{pull_request.number} is {pull_request.state.value} already.",
            number=pull_request.number,
            state=pull_request.state.value,
        )


def with_review(
    pull_request: PullRequest, *, by: Account, verdict: Verdict, body: str, at: datetime
) -> PullRequest:
    """Add a review.

    Raises:
        NotAllowed: The author gives a verdict on their own work.
        PullRequestNotOpen: It was merged or closed.
    """
    require_open(pull_request)
    if by.login == pull_request.author.login and verdict is not Verdict.COMMENTED:
        raise NotAllowed(
            "Nobody gives a verdict on their own pull request; ask somebody else to review it.",
            code="forge.own_pull_request",
            number=pull_request.number,
        )
    review = Review(by=by, verdict=verdict, body=body, commit=pull_request.head, at=at)
    approved_at = pull_request.approved_at
    if verdict is Verdict.APPROVED and approved_at is None:
        approved_at = at
    return replace(
        _noticed(pull_request, by, at),
        reviews=(*pull_request.reviews, review),
        approved_at=approved_at,
        updated_at=at,
    )


def with_comment(
    pull_request: PullRequest, *, by: Account, body: str, marker: str, at: datetime
) -> tuple[PullRequest, Comment]:
    """Add a comment, or rewrite the one of the same account that carries the marker.

    Marks that stand in the body are taken out: a person's words may not pass for a comment of Flagstone's.
    """
    text = mark_text(body, marker, longest=LONGEST_COMMENT)
    comments = list(pull_request.comments)
    ours = (n for n, c in enumerate(comments) if marker and marker in c.body and _is_by(c, by))
    place = next(ours, len(comments))
    if place < len(comments):
        comment = comments[place]
        if comment.body == text:
            return pull_request, comment
        comment = replace(comment, body=text, edited_at=at)
    else:
        comment = Comment(number=place + 1, by=by, body=text, at=at)
    comments[place : place + 1] = [comment]
    noticed = _noticed(pull_request, by, at)
    return replace(noticed, comments=tuple(comments), updated_at=at), comment


def with_draft_state(pull_request: PullRequest, *, is_draft: bool, at: datetime) -> PullRequest:
    """Make it a draft, or ready; a draft's clock starts when it is last called ready."""
    if is_draft == pull_request.is_draft:
        return pull_request
    return replace(pull_request, is_draft=is_draft, ready_at=None if is_draft else at)


def closed(pull_request: PullRequest, *, by: Account | None, at: datetime) -> PullRequest:
    """Close it without a merge."""
    return replace(
        pull_request, state=PullRequestState.CLOSED, closed_by=by, closed_at=at, updated_at=at
    )


def merged(
    pull_request: PullRequest, *, merge: str, base: str, by: Account | None, at: datetime
) -> PullRequest:
    """Close it as merged; `base` is where the target branch stood before."""
    return replace(
        pull_request,
        state=PullRequestState.MERGED,
        merge=merge,
        base=base,
        closed_by=by,
        merged_at=at,
        closed_at=at,
        updated_at=at,
    )


def _is_by(comment: Comment, account: Account) -> bool:
    return (comment.by.login, comment.by.is_bot) == (account.login, account.is_bot)


def _noticed(pull_request: PullRequest, by: Account, at: datetime) -> PullRequest:
    """Stop the clock of the first review: by a person, and not by the author."""
    is_first = pull_request.first_review_at is None
    if is_first and not by.is_bot and by.login != pull_request.author.login:
        return replace(pull_request, first_review_at=at)
    return pull_request
