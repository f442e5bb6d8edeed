"""Knows our pull request again where the worker that opened it got no answer, and gave up."""

from __future__ import annotations

from flagstone.core import audit
from flagstone.forge.hosts.base import Forge, PullRequestState
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.hosts.markers import marked_change
from flagstone.forge.models import ChangeRequest, ChangeState, PullRequest


def pull_request_between(change: ChangeRequest, forge: Forge) -> HostPullRequest | None:
    """Find the newest pull request between a change's branches, whosever it is; of several, one that is open.

    Raises:
        ForgeError: The code host cannot be asked.
    """
    name, source, target = change.repository.full_name, change.branch, change.target_branch
    if not forge.capabilities.dedupes_open_pull_requests:
        is_open = PullRequestState.OPEN
        found = forge.find_pull_request(name, source=source, target=target, state=is_open)
        if found is not None:
            return found
    return forge.find_pull_request(name, source=source, target=target)


def change_to_adopt(row: PullRequest, found: HostPullRequest) -> ChangeRequest | None:
    """Return the change whose pull request this is, where nothing ties the two together yet.

    The mark alone proves nothing, since anybody can copy it: the branches and the commit must be the change's too.
    """
    marked = marked_change(found.body)
    if marked is None or ChangeRequest.objects.filter(pull_request=row).exists():
        return None
    untied = ChangeRequest.objects.filter(
        pk=marked,
        repository=row.repository_id,
        branch=found.source,
        target_branch=found.target,
        pull_request=None,
    ).exclude(state=ChangeState.NO_CHANGE)
    change = untied.first()
    return change if change and found.head in change.built_commits else None


def audit_adoption(row: PullRequest, change: ChangeRequest) -> None:
    """Write down that a change came to its pull request without a worker."""
    audit.record(
        actor=None,
        action="forge.change_adopted",
        subject=f"change:{change.pk}",
        data={"pull_request": f"{row.repository.full_name}#{row.number}", "was": change.state},
    )
