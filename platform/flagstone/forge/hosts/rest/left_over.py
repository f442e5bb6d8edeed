"""Which repository that is there already may be what a killed attempt of ours made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from flagstone.forge.errors import RepositoryExists
from flagstone.forge.git.commits import CommitMeta

FIRST_BRANCH = "main"
_CLOCKS_APART = timedelta(seconds=60)


def may_be_ours(
    *, branches: Collection[str], created_at: datetime | None, meta: CommitMeta
) -> bool:
    """Tell whether it is a new empty one, or one with our branch alone.

    Whether that branch holds our commit, the push finds out.

    Args:
        branches: Those that it has.
        created_at: When the code host made it, None where it does not tell.
        meta: Of our first commit, whose time is that of the request.
    """
    if branches:
        return set(branches) == {FIRST_BRANCH}
    return created_at is not None and created_at >= meta.at - _CLOCKS_APART


def taken(repository: str) -> RepositoryExists:
    """Return the error of a name that somebody else has."""
    return RepositoryExists(
        f"There is a repository {repository} already. Choose another name.", name=repository
    )
