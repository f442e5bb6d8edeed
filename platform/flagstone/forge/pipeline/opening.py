"""A change's pull request: found if it is there, opened once if it is not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from django.utils import timezone

from flagstone.core.locks import is_still_held, only_one_at
from flagstone.forge.connections import connect
from flagstone.forge.errors import (
    AlreadyExists,
    BranchOccupied,
    ChangeBusy,
    NotYetConsistent,
    PolicyRejected,
)
from flagstone.forge.hosts.base import Forge, PullRequestSpec
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.hosts.markers import marked_change
from flagstone.forge.hosts.rest.bodies import disarmed
from flagstone.forge.models import ChangeRequest, ChangeState, PullRequest, Repository
from flagstone.forge.people import account_at
from flagstone.forge.pipeline.adopting import pull_request_between
from flagstone.forge.pipeline.pull_requests import record_pull_request
from flagstone.forge.pipeline.recording import record_progress

# how long a code host may take to see what was pushed
PATIENCE = timedelta(seconds=60)


def open_pull_request(change: ChangeRequest) -> None:
    """Find our pull request, or open it.

    Raises:
        BranchOccupied: The one that is there is not ours.
        NotYetConsistent: The code host does not see the branch yet.
        ForgeError: As the code host says.
    """
    forge = connect(change.repository.host)
    with _one_at_a_time(change.repository, forge) as check_turn:
        found = _found_or_opened(change, forge, check_turn)
    ours = _require_ours(change, found)
    change.pull_request = record_pull_request(change.repository, ours, change=change).pull_request
    change.refresh_from_db(fields=("state",))


def look_for_pull_request(change: ChangeRequest) -> PullRequest | None:
    """Find the pull request of a change that was given up: it may have been opened, and the answer lost.

    Raises:
        ForgeError: The code host cannot be asked.
    """
    forge = connect(change.repository.host)
    found = pull_request_between(change, forge)
    if found is not None:
        record_pull_request(change.repository, found, forge=forge)
        change.refresh_from_db()
    return change.pull_request


def _found_or_opened(
    change: ChangeRequest, forge: Forge, check_turn: Callable[[], None]
) -> HostPullRequest | None:
    name = change.repository.full_name
    spec = PullRequestSpec(
        title=change.title,
        body=change.body if forge.capabilities.acts_for_people else disarmed(change.body),
        source=change.branch,
        target=change.target_branch,
        author=account_at(change.repository.host, change.requested_by),
        change_id=change.pk,
    )
    found = pull_request_between(change, forge)
    if found is not None:
        return found
    check_turn()
    try:
        return forge.create_pull_request(name, spec)
    except AlreadyExists:
        return pull_request_between(change, forge)
    except NotYetConsistent as error:
        since_push = timezone.now() - (change.pushed_at or timezone.now())
        if since_push > PATIENCE:
            raise PolicyRejected(
                f"{change.repository.host.name} did not see the branch {change.branch} within "
                f"{PATIENCE.seconds} seconds: {error.message}"
            ) from error
        # the branch was deleted, or is not seen yet: look again, and push again if it is gone
        record_progress(change, ChangeState.COMMITTED)
        raise


@contextlib.contextmanager
def _one_at_a_time(repository: Repository, forge: Forge) -> Iterator[Callable[[], None]]:
    """Keep two workers from opening the same pull request where the code host itself would let them.

    Yields:
        Raises ChangeBusy when the turn is lost, since the database may have gone and come back.

    Raises:
        ChangeBusy: Another worker is opening one in this repository.
    """
    if forge.capabilities.dedupes_open_pull_requests:
        yield lambda: None
        return
    turn = uuid5(NAMESPACE_URL, f"open-pull-request:{repository.pk}")
    busy = ChangeBusy(
        f"Another pull request is being opened in {repository.full_name}.", retry_after=1.0
    )

    def check_turn() -> None:
        if not is_still_held(turn):
            raise busy

    with only_one_at(turn) as is_ours:
        if not is_ours:
            raise busy
        yield check_turn


def _require_ours(change: ChangeRequest, found: HostPullRequest | None) -> HostPullRequest:
    if found is None:
        raise NotYetConsistent(
            f"The pull request of {change.branch} exists, but cannot be seen yet."
        )
    if marked_change(found.body) != change.pk:
        raise BranchOccupied(
            f"Pull request #{found.number} of {change.repository.full_name} leads from "
            f"{change.branch}, but Flagstone did not open it. Close it, and resume.",
            branch=change.branch,
            number=found.number,
        )
    return found
