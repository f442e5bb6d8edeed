"""Comments under a pull request, which its description holds; the API can neither edit nor delete one."""

from __future__ import annotations

from flagstone.forge.errors import OutcomeUnknown, Retryable
from flagstone.forge.hosts.base import Account, Comment
from flagstone.forge.hosts.pagure.api import PagureApi
from flagstone.forge.hosts.pagure.codec import comments_of
from flagstone.forge.hosts.pagure.names import path_of
from flagstone.forge.hosts.pagure.votes import as_given, without_votes
from flagstone.forge.hosts.rest.comments import comment_text

_LONGEST_COMMENT = 65_536


class PagureConversations:
    def __init__(self, api: PagureApi) -> None:
        self._api = api

    def upsert(
        self, repository: str, number: int, *, by: Account, body: str, marker: str
    ) -> Comment:
        """Write a comment, unless our newest one with the marker says the same already.

        Since nothing can be edited there, other words come as one more comment, and the newest counts.
        """
        text = as_given(comment_text(by, body, marker, longest=_LONGEST_COMMENT))
        ours = self._own_comments(repository, number)
        if marker:
            marked = [comment for comment in ours if marker in comment.body]
            if marked and marked[-1].body == text:
                return marked[-1]
        self._api.write(
            path_of(repository, "pull-request", number, "comment"),
            {"comment": without_votes(text)},
            operation=f"comment on pull request #{number} of {repository}",
        )
        known = {comment.number for comment in ours}
        try:
            written = self._own_comments(repository, number)
        except Retryable as error:
            raise self._unseen(repository, number) from error
        for comment in reversed(written):
            if comment.number not in known and comment.body == text:
                return comment
        raise self._unseen(repository, number)

    def _own_comments(self, repository: str, number: int) -> list[Comment]:
        """List our comments, the oldest first: whoever quotes a marker writes it as well."""
        pull = self._api.pull_request(repository, number)
        found = comments_of(pull, own=self._api.user)
        ours = (comment for comment in found if comment.by.login == self._api.user)
        return sorted(ours, key=lambda comment: comment.number)

    def _unseen(self, repository: str, number: int) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"{self._api.host} took a comment on pull request #{number} of {repository}, and does not "
            "show it."
        )
