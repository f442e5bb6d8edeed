"""Merges at the code host, and tells what its refusals mean."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flagstone.forge.errors import (
    ForgeError,
    MergeConflict,
    NotYetConsistent,
    OutcomeUnknown,
    PolicyRejected,
    RepositoryGone,
    Retryable,
    StaleLease,
)
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.hosts.base import MergeMethod, MergeResult
from flagstone.forge.hosts.gitea.api import GiteaApi, path_of
from flagstone.forge.hosts.gitea.description import MergeView, merge_view_of
from flagstone.forge.hosts.rest.settled import find_conflict, is_merged_at

# no status and no field tells this from other refusals; in other words it is shown as it is
_LOOKING = "Please try again later"


class GiteaMerges:
    """Merges pull requests of one Gitea.

    Args:
        api: Speaks to it.
        remote_of: Returns how git reaches a repository; asked whether the two sides go together, where the
            code host does not tell.
    """

    def __init__(self, api: GiteaApi, remote_of: Callable[[str], GitRemote]) -> None:
        self._api = api
        self._remote_of = remote_of

    def merge(
        self,
        repository: str,
        number: int,
        *,
        expected_head: str,
        method: MergeMethod,
    ) -> MergeResult:
        """Merge what was looked at; what is merged already gives the same result.

        Args:
            repository: `owner/name`.
            number: Of the pull request.
            expected_head: The commit that was looked at.
            method: How.
        """
        before = self._view(repository, number)
        if done := self._settled(repository, before, expected_head):
            return done
        try:
            self._send(repository, number, expected_head=expected_head, method=method)
        except (PolicyRejected, RepositoryGone) as error:
            after = self._view(repository, number)
            if done := self._settled(repository, after, expected_head):
                return done
            raise _why_refused(before, after, error, self._remote_of(repository)) from error
        try:
            done = self._settled(repository, self._view(repository, number), expected_head)
        except Retryable as error:
            raise self._unseen(repository, number) from error
        if done is None:
            raise self._unseen(repository, number)
        return done

    def _send(
        self, repository: str, number: int, *, expected_head: str, method: MergeMethod
    ) -> None:
        path = path_of(repository, "pulls", number, "merge")
        operation = f"merge pull request #{number} of {repository}"
        how = method.value
        payload = {"Do": how, "do": how, "head_commit_id": expected_head}
        try:
            # Gitea since 1.27 knows this key in small letters alone, Forgejo with a capital alone
            self._api.write("POST", path, payload, operation=operation)
        except PolicyRejected as error:
            if error.params.get("status") != HTTPStatus.UNPROCESSABLE_ENTITY:
                raise
            # some versions read both keys as one that is given twice, and refuse the form unread
            del payload["do"]
            self._api.write("POST", path, payload, operation=operation)

    def _view(self, repository: str, number: int) -> MergeView:
        return merge_view_of(self._api.pull_request(repository, number))

    def _settled(self, repository: str, view: MergeView, expected_head: str) -> MergeResult | None:
        """Return what came of a merge of this very head; None while it can be merged.

        Raises:
            HeadMoved: It is open with another head.
            PullRequestNotOpen: It is closed, or merged with another head.
        """
        name = f"Pull request #{view.number}"
        if not is_merged_at(expected_head, name=name, state=view.state, head=view.head):
            return None
        return MergeResult(view.merge, view.head, self._parent(repository, view.merge))

    def _parent(self, repository: str, merge: str) -> str:
        """Return where the target branch stood before: the merge's first parent."""
        answer = self._api.get(
            path_of(repository, "git", "commits", merge),
            operation=f"read the merge commit in {repository}",
            params={"stat": "false", "verification": "false", "files": "false"},
            accept=(HTTPStatus.NOT_FOUND,),
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            return ""
        parents = list(self._api.fields("commit", answer.body).each("parents"))
        return parents[0].text("sha") if parents else ""

    def _unseen(self, repository: str, number: int) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"{self._api.host} took the merge of pull request #{number} of {repository}, and does not "
            "show it yet."
        )


def _why_refused(
    before: MergeView, after: MergeView, error: ForgeError, remote: GitRemote
) -> ForgeError:
    """Return what a refusal means for a pull request that is still open with the same head.

    The code host says the same of a conflict and of a look that it has yet to take: git decides there.
    """
    status = error.params.get("status")
    if before.base != after.base:
        return StaleLease(
            f"{after.target} moved while pull request #{after.number} was being merged; try again."
        )
    if after.is_draft or status == HTTPStatus.NOT_FOUND:
        return error
    may_conflict = status == HTTPStatus.CONFLICT or not after.looks_mergeable
    if may_conflict and after.common != after.base and (conflict := _conflict(after, remote)):
        return conflict
    if _LOOKING in error.message:
        return NotYetConsistent(
            f"Pull request #{after.number} cannot be merged yet: its code host has not found out "
            "whether the two branches go together. Try again in a moment."
        )
    return error


def _conflict(view: MergeView, remote: GitRemote) -> MergeConflict | None:
    return find_conflict(
        remote, view.base, view.head, number=view.number, source="its branch", target=view.target
    )
