"""Takes back what was shipped or made, as long as nobody else has built on it."""

from __future__ import annotations

from enum import Enum, auto
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from flagstone.core import audit
from flagstone.core.locks import only_one_at
from flagstone.forge.connections import connect
from flagstone.forge.errors import ChangeBusy, PullRequestNotOpen, RepositoryGone
from flagstone.forge.hosts.base import Forge, PullRequestState
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.hosts.markers import marked_change
from flagstone.forge.models import ChangeRequest, ChangeState, Repository
from flagstone.forge.people import BOT_ACCOUNT
from flagstone.forge.pipeline.adopting import pull_request_between
from flagstone.forge.pipeline.pull_requests import record_pull_request


class Withdrawal(Enum):
    """What became of a repository that was to be taken back."""

    REMOVED = auto()
    WAS_GONE = auto()
    STAYS = auto()


_FINAL = (ChangeState.MERGED, ChangeState.CLOSED, ChangeState.NO_CHANGE)


def withdraw_change(change_id: UUID) -> list[str]:
    """Close a change's pull request, delete its branch, and have no worker go on with it.

    A pull request that somebody else opened from its branch is theirs, and keeps the branch while it is open. Doing
    it again does nothing. A merged change stays as it is.

    Returns:
        What was taken back, in words.

    Raises:
        ChangeBusy: A worker is shipping it at this moment.
        ForgeError: The code host cannot be asked.
    """
    with only_one_at(change_id) as is_ours:
        if not is_ours:
            raise ChangeBusy("Another worker is at this change.", retry_after=2.0)
        return _withdraw(change_id)


def _withdraw(change_id: UUID) -> list[str]:
    related = ("repository__host", "pull_request")
    change = ChangeRequest.objects.select_related(*related).filter(pk=change_id).first()
    if change is None or change.state == ChangeState.MERGED:
        return []
    # first the row, so that no sweep ships it in the meantime
    ChangeRequest.objects.filter(pk=change_id).exclude(state__in=_FINAL).update(
        state=ChangeState.CLOSED, touched_at=timezone.now()
    )
    forge, name, done = connect(change.repository.host), change.repository.full_name, []
    # how it stands is asked at the code host: a killed worker may not have written it down
    found = pull_request_between(change, forge)
    theirs = found if found is not None and marked_change(found.body) != change.pk else None
    if theirs is not None:
        found = _recorded(change, forge)
    if found is not None and found.state is PullRequestState.OPEN:
        try:
            found = forge.close_pull_request(name, found.number, by=BOT_ACCOUNT)
            done.append(f"closed pull request #{found.number} of {name}")
        except PullRequestNotOpen:  # somebody was faster, and may have merged it
            found = forge.get_pull_request(name, found.number)
    if found is not None:
        record_pull_request(change.repository, found, change=change)
        if found.state is PullRequestState.MERGED:
            return done
    if theirs is not None and theirs.state is PullRequestState.OPEN:
        return done  # without its branch the code host would close it
    # which of ours it stands at was not written down where a worker died in a push
    newest_first = reversed(change.built_commits)
    if any(forge.delete_branch(name, change.branch, expected=each) for each in newest_first):
        done.append(f"deleted the branch {change.branch} of {name}")
    return done


def _recorded(change: ChangeRequest, forge: Forge) -> HostPullRequest | None:
    """Read the pull request that a change was known to have."""
    if change.pull_request is None:
        return None
    return forge.get_pull_request(change.repository.full_name, change.pull_request.number)


def withdraw_repository(repository: Repository, *, first_commit: str) -> Withdrawal:
    """Delete a repository in which nobody has done anything since its first commit.

    Args:
        repository: One that Flagstone made.
        first_commit: What it was made with.
    """
    name = repository.full_name
    try:
        is_removed = connect(repository.host).delete_repository(name, expected_head=first_commit)
        outcome = Withdrawal.REMOVED if is_removed else Withdrawal.STAYS
    except RepositoryGone:
        outcome = Withdrawal.WAS_GONE
    if outcome is not Withdrawal.STAYS:
        with transaction.atomic():
            audit.record(
                actor=None,
                action="forge.repository_withdrawn",
                subject=f"repository:{name}",
                data={"source": repository.source, "head": first_commit},
            )
            repository.delete()
    return outcome
