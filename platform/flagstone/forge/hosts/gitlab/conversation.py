"""What a merge request's history tells: who approved, who looked first, and since when it is ready; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from flagstone.forge.hosts.base import Account, PullRequest, Review, Verdict
from flagstone.forge.hosts.gitlab.codec import Approval, Note

# GitLab's own notes are in English whatever language people read it in
_APPROVED = "approved this merge request"
_UNAPPROVED = "unapproved this merge request"
_CHANGES_REQUESTED = "requested changes"
_READY = re.compile(
    r"marked this merge request as \*\*ready\*\*|unmarked as a \*\*Work In Progress\*\*"
)
_OURS = "<!-- flagstone:"


def with_conversation(
    pull: PullRequest,
    notes: Sequence[Note],
    approvals: Sequence[Approval] | None,
    began_at: datetime | None,
) -> PullRequest:
    """Add what was said and done to a merge request.

    Args:
        pull: As `read_merge_request` gave it.
        notes: Of its history.
        approvals: Those that hold now; None where GitLab does not tell, and the notes must.
        began_at: See `PullRequest`.
    """
    notes = sorted(notes, key=lambda note: (note.comment.at, note.comment.number))
    reviews = _reviews(pull, notes, approvals)
    approved = [review.at for review in reviews if review.verdict is Verdict.APPROVED]
    return replace(
        pull,
        reviews=reviews,
        comments=tuple(
            note.comment for note in notes if not note.is_system and not note.is_internal
        ),
        ready_at=_ready_at(pull, notes),
        first_review_at=_first_review_at(pull, notes, reviews),
        approved_at=min(approved, default=None),
        began_at=began_at,
    )


def _reviews(
    pull: PullRequest, notes: Sequence[Note], approvals: Sequence[Approval] | None
) -> tuple[Review, ...]:
    """Return the verdicts that hold, in their order.

    GitLab ties an approval to no commit: it takes those away that do not hold for the head. So each is one of the
    head.
    """
    told: dict[str, Approval] = {}
    asked: dict[str, Note] = {}
    for note in notes:
        by = note.comment.by
        if note.is_system and note.comment.body == _APPROVED:
            told[by.login] = Approval(by, note.comment.at)
        elif note.is_system and note.comment.body == _UNAPPROVED:
            told.pop(by.login, None)
        elif note.is_system and note.comment.body == _CHANGES_REQUESTED:
            asked[by.login] = note
    if approvals is None:
        approvals = list(told.values())
    reviews = [
        Review(note.comment.by, Verdict.CHANGES_REQUESTED, "", pull.head, note.comment.at)
        for note in asked.values()
    ]
    for approval in approvals:
        noted = told.get(approval.by.login, approval)
        # without a note either, it was given by the last change at the latest
        at = approval.at or noted.at or pull.updated_at
        reviews.append(Review(approval.by, Verdict.APPROVED, "", pull.head, at))
    return tuple(sorted(reviews, key=lambda review: review.at))


def _ready_at(pull: PullRequest, notes: Sequence[Note]) -> datetime | None:
    if pull.is_draft:
        return None
    marked = [
        note.comment.at for note in notes if note.is_system and _READY.match(note.comment.body)
    ]
    return max(marked, default=pull.opened_at)


def _first_review_at(
    pull: PullRequest, notes: Sequence[Note], reviews: Sequence[Review]
) -> datetime | None:
    looks = [review.at for review in reviews if _is_reviewer(review.by, pull)]
    for note in notes:
        is_verdict = note.comment.body in {_APPROVED, _CHANGES_REQUESTED}
        is_said = not note.is_system and _OURS not in note.comment.body
        if _is_reviewer(note.comment.by, pull) and (is_said or (note.is_system and is_verdict)):
            looks.append(note.comment.at)
    return min(looks, default=None)


def _is_reviewer(account: Account, pull: PullRequest) -> bool:
    return not account.is_bot and account.login != pull.author.login
