"""Merges at GitLab, and tells what its refusals mean: they are four statuses for a dozen reasons."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flagstone.forge.errors import (
    ForgeError,
    MergeConflict,
    NotYetConsistent,
    OutcomeUnknown,
    PermissionDenied,
    PolicyRejected,
    Retryable,
)
from flagstone.forge.hosts.base import MergeMethod, MergeResult, PullRequest
from flagstone.forge.hosts.gitlab.api import GitLabApi, path_of
from flagstone.forge.hosts.gitlab.codec import has_conflict, read_merge_request
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.refusals import words_of
from flagstone.forge.hosts.rest.settled import is_merged_at
from flagstone.forge.hosts.rest.transport import Answer

_LOOK_AGAIN = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
# `detailed_merge_status`, and `merge_status` of GitLabs before 15.6
_STILL_LOOKING = frozenset(
    {
        "approvals_syncing", "cannot_be_merged_recheck", "cannot_be_merged_rechecking", "checking",
        "preparing", "unchecked",
    }
)  # fmt: skip


class GitLabMerges:
    def __init__(self, api: GitLabApi) -> None:
        self._api = api

    def merge(
        self, repository: str, number: int, *, expected_head: str, method: MergeMethod
    ) -> MergeResult:
        """Merge what was looked at; what is merged already gives the same result."""
        if done := self._settled(repository, self._look(repository, number), expected_head):
            return done
        answer = self._api.write(
            "PUT",
            repository,
            "merge_requests",
            number,
            "merge",
            operation=f"merge !{number} of {repository}",
            payload={"sha": expected_head, "squash": method is MergeMethod.SQUASH},
            accept=_LOOK_AGAIN,
        )
        if answer.status in _LOOK_AGAIN:
            fields = self._look(repository, number)
            if done := self._settled(repository, fields, expected_head):
                return done
            raise self._why_refused(repository, fields, answer)
        fields = self._api.merge_request_of(answer, of_write=True)
        if done := self._settled(repository, fields, expected_head):
            return done
        raise self._unfinished(repository, fields)

    def _look(self, repository: str, number: int) -> Fields:
        return self._api.merge_request(repository, number)

    def _settled(self, repository: str, fields: Fields, expected_head: str) -> MergeResult | None:
        """Return what came of a merge of this very head; None while it can be merged.

        Raises:
            HeadMoved: It is open with another head.
            PullRequestNotOpen: It is closed, or merged with another head.
        """
        pull = read_merge_request(fields)
        name = f"Merge request !{pull.number}"
        if not is_merged_at(expected_head, name=name, state=pull.state, head=pull.head):
            return None
        return MergeResult(pull.merge, pull.head, self._parent(repository, pull))

    def _parent(self, repository: str, pull: PullRequest) -> str:
        """Return where the target branch stood before: the merge's first parent, where there is a merge."""
        if pull.merge == pull.head:  # by fast-forward: how many commits it went on, nobody tells
            return ""
        try:
            answer = self._api.get(
                path_of(repository, "repository", "commits", pull.merge),
                operation=f"read the merge commit in {repository}",
                accept=(HTTPStatus.NOT_FOUND,),
            )
            if answer.status == HTTPStatus.NOT_FOUND:
                return ""
            parents = self._api.fields("commit", answer.body).texts("parent_ids")
        except Retryable:  # the merge itself is done, whatever becomes of this
            return ""
        return parents[0] if parents else ""

    def _why_refused(self, repository: str, fields: Fields, answer: Answer) -> ForgeError:
        """Return what a refusal means for a merge request that is still open with the same head."""
        pull = read_merge_request(fields)
        what = f"Merge request !{pull.number} of {repository}"
        status = fields.text("detailed_merge_status", "") or fields.text("merge_status", "")
        params: dict[str, Any] = {
            "number": pull.number,
            "status": answer.status,
            "merge_status": status,
        }
        if (
            answer.status == HTTPStatus.UNAUTHORIZED
        ):  # the credential is good: it has just read this
            return PermissionDenied(
                f"{what} may not be merged by Flagstone's credential: it may not push to "
                f"{pull.target}. Give it the right to merge there, or merge at GitLab.",
                **params,
            )
        is_being_merged = fields.text("state") == "locked"
        if status in _STILL_LOOKING or is_being_merged:
            return NotYetConsistent(
                f"{what} cannot be merged yet: {self._api.host} is still at work on it "
                f"({'locked' if is_being_merged else status}). Try again in a moment.",
                **params,
            )
        if status == "conflict" or has_conflict(fields):
            return MergeConflict(
                f"{what} cannot be merged: both sides changed the same lines. Merge {pull.target} "
                f"into {pull.source}, or ask for the change again.",
                **params,
            )
        if answer.status == HTTPStatus.CONFLICT:  # the branch moved, and the merge request not yet
            return NotYetConsistent(
                f"{what} does not show the last commits of {pull.source} yet. Try again in a moment.",
                **params,
            )
        why = ", ".join(filter(None, (status.replace("_", " "), words_of(answer.body))))
        return PolicyRejected(f"{self._api.host} does not let {what} be merged: {why}.", **params)

    def _unfinished(self, repository: str, fields: Fields) -> ForgeError:
        """Return what it means that GitLab took a merge, and shows none."""
        number = fields.number("iid")
        if why := fields.text("merge_error", ""):
            return PolicyRejected(
                f"{self._api.host} could not merge !{number} of {repository}: {why}", number=number
            )
        return OutcomeUnknown(
            f"{self._api.host} took the merge of !{number} of {repository}, and does not show it yet.",
            number=number,
        )
