"""Comments under a merge request; those with a mark of ours are edited in place."""

from __future__ import annotations

from http import HTTPStatus

from flagstone.forge.hosts.base import Account, Comment
from flagstone.forge.hosts.gitlab.api import GitLabApi, path_of
from flagstone.forge.hosts.gitlab.codec import read_note
from flagstone.forge.hosts.gitlab.texts import LONGEST_BODY, longest_for, without_commands
from flagstone.forge.hosts.rest.comments import comment_text


class GitLabComments:
    def __init__(self, api: GitLabApi) -> None:
        self._api = api

    def upsert(
        self, repository: str, number: int, *, by: Account, body: str, marker: str
    ) -> Comment:
        """Write a comment, or rewrite our own one that carries the marker."""
        body = without_commands(body)
        text = comment_text(by, body, marker, longest=LONGEST_BODY)
        if (longest := longest_for(text)) < LONGEST_BODY:
            text = comment_text(by, body, marker, longest=longest)
        ours = self._own_comment(repository, number, marker) if marker else None
        if ours is not None:
            if ours.body == text:
                return ours
            answer = self._api.write(
                "PUT",
                repository,
                "merge_requests",
                number,
                "notes",
                ours.number,
                operation=f"edit a comment under !{number} of {repository}",
                payload={"body": text},
                accept=(HTTPStatus.NOT_FOUND,),
            )
            if answer.status != HTTPStatus.NOT_FOUND:  # else somebody deleted it just now
                return read_note(self._api.fields("comment", answer.body, of_write=True)).comment
        answer = self._api.write(
            "POST",
            repository,
            "merge_requests",
            number,
            "notes",
            operation=f"comment on !{number} of {repository}",
            payload={"body": text},
        )
        return read_note(self._api.fields("comment", answer.body, of_write=True)).comment

    def _own_comment(self, repository: str, number: int, marker: str) -> Comment | None:
        """Find our comment with the marker: whoever quotes it writes the marker as well."""
        entries = self._api.entries(
            path_of(repository, "merge_requests", number, "notes"),
            operation=f"list the comments of !{number} of {repository}",
            what="comment",
            params={"sort": "asc", "order_by": "created_at"},
        )
        for note in map(read_note, entries):
            is_marked = marker in note.comment.body and not note.is_system
            if is_marked and note.comment.by.login == self._api.own_login():
                return note.comment
        return None
