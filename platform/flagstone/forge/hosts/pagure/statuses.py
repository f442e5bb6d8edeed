"""What checks say of commits; Pagure calls it a flag, and rewrites the one of the same `uid`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from flagstone.forge.hosts.base import CommitStatus
from flagstone.forge.hosts.pagure.api import PagureApi
from flagstone.forge.hosts.pagure.codec import status_of
from flagstone.forge.hosts.pagure.names import path_of

_LENGTH_OF_UID = 32


class PagureStatuses:
    """Flags of commits.

    Args:
        api: Speaks to the code host.
        web_url: Of its pages: a flag without an address of its own leads to its commit.
    """

    def __init__(self, api: PagureApi, *, web_url: str) -> None:
        self._api = api
        self._web_url = web_url

    def of(self, repository: str, commit: str) -> Mapping[str, CommitStatus]:
        found = self._api.get(
            path_of(repository, "c", commit, "flag"),
            "list of flags",
            operation=f"read what checks say of {commit[:12]} in {repository}",
        )
        found.number("total_flags")  # without it, it is no list of flags
        statuses = sorted(map(status_of, found.each("flags")), key=lambda status: status.at)
        return {status.context: status for status in statuses}

    def set(self, repository: str, commit: str, status: CommitStatus) -> None:
        page = f"{self._web_url}{path_of(repository, 'c', commit)}"
        self._api.write(
            path_of(repository, "c", commit, "flag"),
            {
                "username": status.context,
                "status": status.state.value,
                # neither may be empty
                "comment": status.description or status.state.value,
                "url": status.url or page,
                "uid": _uid_of(repository, status.context),
            },
            operation=f"say {status.context} of {commit[:12]} in {repository}",
        )


def _uid_of(repository: str, context: str) -> str:
    """Return the key of a context. A fork has the same commits, and uids are of commits alone."""
    return hashlib.sha256(f"{repository}\n{context}".encode()).hexdigest()[:_LENGTH_OF_UID]
