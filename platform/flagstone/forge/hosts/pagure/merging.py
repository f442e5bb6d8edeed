"""Merges at the code host, and tells what its refusals mean."""

from __future__ import annotations

from collections.abc import Callable

from flagstone.forge.errors import (
    ForgeError,
    HeadMoved,
    MergeConflict,
    NotAllowed,
    OutcomeUnknown,
    PolicyRejected,
    RefNotFound,
    Retryable,
)
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.hosts.base import MergeMethod, MergeResult, PullRequest, PullRequestState
from flagstone.forge.hosts.pagure.api import PagureApi
from flagstone.forge.hosts.pagure.names import path_of
from flagstone.forge.hosts.pagure.pull_requests import PagurePullRequests
from flagstone.forge.hosts.rest.settled import find_conflict, is_merged_at


class PagureMerges:
    """Merges pull requests of one Pagure.

    Args:
        api: Speaks to it.
        pulls: Looks at them.
        remote_of: Returns how git reaches a repository; asked whether the two sides go together: the code host
            says the same of a conflict and of any other reason not to merge.
    """

    def __init__(
        self, api: PagureApi, pulls: PagurePullRequests, remote_of: Callable[[str], GitRemote]
    ) -> None:
        self._api = api
        self._pulls = pulls
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

        The code host takes no expected head. So the look before the merge is ours, and a push in the moment
        between the two is merged as well; that is told as HeadMoved.

        Args:
            repository: As Pagure calls it.
            number: Of the pull request.
            expected_head: The commit that was looked at.
            method: How.
        """
        if method is not MergeMethod.MERGE:
            raise NotAllowed(f"Pagure does not {method.value}; choose to merge.")
        before = self._pulls.get(repository, number)
        if done := _settled(before, expected_head):
            return done
        try:
            self._api.write(
                path_of(repository, "pull-request", number, "merge"),
                {"wait": True},
                operation=f"merge pull request #{number} of {repository}",
            )
        except MergeConflict as error:
            after = self._pulls.get(repository, number)
            if done := _settled(after, expected_head):
                return done
            raise _why_refused(after, self._remote_of(repository)) from error
        return self._merged(repository, before)

    def _merged(self, repository: str, before: PullRequest) -> MergeResult:
        """Return what came of a merge that was said to be done."""
        try:
            after = self._pulls.get(repository, before.number)
        except Retryable as error:
            raise OutcomeUnknown(
                f"{self._api.host} says that it merged pull request #{before.number} of {repository}, "
                f"and cannot be asked about it: {error.message}"
            ) from error
        if after.state is PullRequestState.MERGED and after.head != before.head:
            raise HeadMoved(
                f"New commits came to pull request #{before.number} in the moment of the merge, and "
                f"{self._api.host} merged them as well ({after.head[:12]}). Look at them now.",
                number=before.number,
                head=after.head,
            )
        done = _settled(after, before.head)
        if done is None:
            # so it answers where the repository wants no merge commits and the target has moved on
            raise PolicyRejected(
                f"{self._api.host} did not merge pull request #{before.number} of {repository}, though "
                "it said so: the repository may allow no merge commits. Merge "
                f"{after.target} into {after.source}, or ask for the change again.",
                number=before.number,
            )
        return done


def _settled(pull: PullRequest, expected_head: str) -> MergeResult | None:
    """Return what came of a merge of this very head; None while it can be merged.

    Raises:
        HeadMoved: It is open with another head.
        PullRequestNotOpen: It is closed, or merged with another head.
    """
    name = f"Pull request #{pull.number}"
    if not is_merged_at(expected_head, name=name, state=pull.state, head=pull.head):
        return None
    return MergeResult(pull.merge, pull.head, pull.base)


def _why_refused(pull: PullRequest, remote: GitRemote) -> ForgeError:
    if not pull.base:
        return RefNotFound(
            f"Pull request #{pull.number} cannot be merged: its target {pull.target} is gone.",
            ref=pull.target,
        )
    conflict = find_conflict(
        remote, pull.base, pull.head, number=pull.number, source=pull.source, target=pull.target
    )
    return conflict or PolicyRejected(
        f"Pull request #{pull.number} cannot be merged into {pull.target}, though the two go together: a "
        "rule of the repository is against it, or its branch is gone. Look at it at the code host: "
        f"{pull.url}",
        number=pull.number,
    )
