"""What is said under a pull request: comments, reviews, and the events around them."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from flagstone.forge.hosts.base import Account, Comment, Review
from flagstone.forge.hosts.gitea.api import PAGE_SIZE, GiteaApi, path_of
from flagstone.forge.hosts.gitea.codec import comment_of, review_of, written_at
from flagstone.forge.hosts.gitea.timeline import Conversation, Event, event_of
from flagstone.forge.hosts.rest.comments import comment_text
from flagstone.forge.hosts.rest.transport import MOST_PAGES

_LONGEST_COMMENT = 65_536


class GiteaConversations:
    def __init__(self, api: GiteaApi) -> None:
        self._api = api

    def of(self, repository: str, number: int) -> Conversation:
        """Read all of it, in two to four requests where everything fits on one page."""
        began_at, size = self._beginning(repository, number)
        events, page, line_comments = self._page(repository, number, 1), 1, 0
        shown = len(events)
        reviews: tuple[Review, ...] = ()
        if shown >= size or any(event.is_review for event in events):
            reviews, line_comments = self._reviews(repository, number)
        # comments on lines are counted in a page and left out of it, so a short page may not be the last
        while shown + line_comments >= page * size and page < MOST_PAGES:
            page += 1
            more = self._page(repository, number, page)
            shown += len(more)
            events += more
        return Conversation(tuple(events), reviews, began_at)

    def upsert(
        self, repository: str, number: int, *, by: Account, body: str, marker: str
    ) -> Comment:
        """Write a comment, or rewrite our own one that carries the marker."""
        text = comment_text(by, body, marker, longest=_LONGEST_COMMENT)
        ours = self._own_comment(repository, number, marker) if marker else None
        if ours is not None:
            if ours.body == text:
                return ours
            answer = self._api.write(
                "PATCH",
                path_of(repository, "issues", "comments", ours.number),
                {"body": text},
                operation=f"edit a comment under #{number} of {repository}",
                accept=(HTTPStatus.NOT_FOUND,),
            )
            if answer.status != HTTPStatus.NOT_FOUND:  # else somebody deleted it just now
                return comment_of(self._api.fields("comment", answer.body, of_write=True))
        answer = self._api.write(
            "POST",
            path_of(repository, "issues", number, "comments"),
            {"body": text},
            operation=f"comment on #{number} of {repository}",
        )
        return comment_of(self._api.fields("comment", answer.body, of_write=True))

    def _own_comment(self, repository: str, number: int, marker: str) -> Comment | None:
        """Find our comment with the marker: whoever quotes it writes the marker as well."""
        operation = f"list the comments of #{number} of {repository}"
        # this list has no pages
        answer = self._api.get(
            path_of(repository, "issues", number, "comments"), operation=operation
        )
        for each in self._api.listed(answer, operation):
            comment = comment_of(self._api.fields("comment", each))
            if marker in comment.body and comment.by.login == self._api.own_login():
                return comment
        return None

    def _page(self, repository: str, number: int, page: int) -> list[Event]:
        operation = f"read what happened under #{number} of {repository}"
        answer = self._api.get(
            path_of(repository, "issues", number, "timeline"),
            operation=operation,
            params={"page": page, "limit": PAGE_SIZE},
        )
        return [
            event_of(self._api.fields("timeline entry", each))
            for each in self._api.listed(answer, operation)
        ]

    def _reviews(self, repository: str, number: int) -> tuple[tuple[Review, ...], int]:
        """Return the reviews, the oldest first, and how many comments on lines they hold."""
        found, line_comments = [], 0
        for each in self._api.entries(
            path_of(repository, "pulls", number, "reviews"),
            operation=f"read the reviews of #{number} of {repository}",
        ):
            fields = self._api.fields("review", each)
            line_comments += fields.number("comments_count", 0)
            if review := review_of(fields):
                found.append(review)
        return tuple(sorted(found, key=lambda review: review.at)), line_comments

    def _beginning(self, repository: str, number: int) -> tuple[datetime | None, int]:
        """Return when the oldest commit was written, and how much this server gives on a page.

        The list begins with the newest commit, and is the only one that tells the size of its pages.
        """
        path = path_of(repository, "pulls", number, "commits")
        operation = f"list the commits of #{number} of {repository}"
        brief = {"limit": PAGE_SIZE, "verification": "false", "files": "false"}
        answer = self._api.get(path, operation=operation, params={**brief, "page": 1})
        size = _count(answer.headers.get("x-perpage", "")) or PAGE_SIZE
        pages = _count(answer.headers.get("x-pagecount", ""))
        if pages > 1:
            answer = self._api.get(path, operation=operation, params={**brief, "page": pages})
        commits = self._api.listed(answer, operation)
        moments = (written_at(self._api.fields("commit", each)) for each in commits)
        return min((moment for moment in moments if moment), default=None), size


def _count(header: str) -> int:
    return int(header) if header.isdecimal() else 0
