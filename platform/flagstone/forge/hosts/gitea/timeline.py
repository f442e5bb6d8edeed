"""What happened under a pull request, event by event, and what follows from it; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flagstone.forge.hosts.base import Account, Comment, Review
from flagstone.forge.hosts.gitea.codec import account_of, comment_of
from flagstone.forge.hosts.gitea.titles import is_draft_title
from flagstone.forge.hosts.rest.fields import Fields

_COMMENT, _REVIEW, _CLOSE, _TITLE = "comment", "review", "close", "change_title"
# what Flagstone writes by itself carries a hidden mark, and is nobody's look at the change
_AUTOMATED = "<!-- flagstone:"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a timeline.

    Attributes:
        is_review: That a review is there; the review itself is read elsewhere.
        comment: The comment that the entry is.
        made_ready: A draft was called ready by it.
    """

    by: Account
    at: datetime
    is_review: bool = False
    is_close: bool = False
    made_ready: bool = False
    comment: Comment | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """What people did and said, the oldest first."""

    events: tuple[Event, ...] = ()
    reviews: tuple[Review, ...] = ()
    began_at: datetime | None = None

    @property
    def comments(self) -> tuple[Comment, ...]:
        return tuple(event.comment for event in self.events if event.comment)


def event_of(fields: Fields) -> Event:
    kind = fields.text("type", "")
    old, new = fields.text("old_title", ""), fields.text("new_title", "")
    return Event(
        by=account_of(fields.optional("user")),
        at=fields.moment("created_at"),
        is_review=kind == _REVIEW,
        is_close=kind == _CLOSE,
        made_ready=kind == _TITLE and is_draft_title(old) and not is_draft_title(new),
        comment=comment_of(fields) if kind == _COMMENT else None,
    )


def ready_since(conversation: Conversation, opened_at: datetime) -> datetime:
    """Return since when a pull request that is no draft has been none."""
    return max((e.at for e in conversation.events if e.made_ready), default=opened_at)


def last_closed_by(conversation: Conversation) -> Account | None:
    return next((e.by for e in reversed(conversation.events) if e.is_close), None)


def first_look(conversation: Conversation, author: Account) -> datetime | None:
    """Return when a person other than the author first reviewed or commented."""
    said: Iterable[Review | Comment] = (*conversation.reviews, *conversation.comments)
    looks = [
        each.at
        for each in said
        if each.by.login != author.login and not each.by.is_bot and _AUTOMATED not in each.body
    ]
    return min(looks, default=None)
