"""Merges at the code host, and records what came of it."""

from __future__ import annotations

from flagstone.forge.connections import connect
from flagstone.forge.hosts.base import Account, MergeMethod
from flagstone.forge.models import PullRequest
from flagstone.forge.pipeline.pull_requests import refresh_pull_request
from flagstone.forge.pipeline.syncing import record_info


def merge(
    pull_request: PullRequest, *, by: Account, expected_head: str, method: MergeMethod
) -> PullRequest:
    """Merge a pull request, and let the row, its change request and the listeners know.

    Raises:
        HeadMoved, MergeConflict, PullRequestNotOpen: It cannot be merged, or not like that.
    """
    repository = pull_request.repository
    forge = connect(repository.host)
    forge.merge_pull_request(
        repository.full_name,
        pull_request.number,
        expected_head=expected_head,
        method=method,
        by=by,
    )
    merged = refresh_pull_request(pull_request)
    record_info(repository, forge.get_repository(repository.full_name))
    return merged
