"""Reads pull requests one by one, so that one which cannot be read keeps no other from being read."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import DataError

from flagstone.forge.errors import (
    AuthenticationFailed,
    CredentialMissing,
    ForgeError,
    GitMissing,
    NoRoom,
    PermissionDenied,
    RateLimited,
    RepositoryMoved,
    TransportError,
)
from flagstone.forge.hosts.base import Forge, PullRequestTouch
from flagstone.forge.models import PullRequest, Repository
from flagstone.forge.pipeline.pull_requests import record_pull_request
from flagstone.forge.probes import is_probe

# so many one after the other cannot all be wrong: it is the code host
MOST_IN_A_ROW = 5
# it is not the pull request that is wrong: the next one would fail like this one
_OF_ALL = (
    AuthenticationFailed,
    CredentialMissing,
    GitMissing,
    NoRoom,
    PermissionDenied,
    RateLimited,
    RepositoryMoved,
    TransportError,
)


class Unreadable(Exception):
    """One pull request cannot be read, and why; the others may be fine."""

    def __init__(self, reason: str, cause: ForgeError | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = cause


def read_pull_request(repository: Repository, forge: Forge, number: int) -> None:
    """Read one pull request and record it, unless the doctor made it.

    Raises:
        Unreadable: There is something wrong with this one.
        ForgeError: The code host cannot be asked for any.
    """
    try:
        found = forge.get_pull_request(repository.full_name, number)
        if not is_probe(found):
            record_pull_request(repository, found, forge=forge)
    except _OF_ALL:
        raise
    except ForgeError as error:
        raise Unreadable(error.message, error) from error
    except DataError as error:
        reason = str(error).strip().splitlines()[0]
        raise Unreadable(f"the database does not take what it says: {reason}") from error


def not_recorded(
    repository: Repository, touches: Iterable[PullRequestTouch]
) -> list[PullRequestTouch]:
    """Return those that are not recorded as they are now."""
    known = dict(
        PullRequest.objects.filter(repository=repository).values_list("number", "updated_at")
    )
    return [
        touch
        for touch in touches
        if touch.number not in known or known[touch.number] < touch.updated_at
    ]
