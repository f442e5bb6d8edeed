"""What checks say of commits; the code host keeps every word, and the last of each context counts."""

from __future__ import annotations

from collections.abc import Mapping

from flagstone.forge.hosts.base import CommitStatus
from flagstone.forge.hosts.gitea.api import GiteaApi, path_of
from flagstone.forge.hosts.gitea.codec import status_of


class GiteaStatuses:
    def __init__(self, api: GiteaApi) -> None:
        self._api = api

    def of(self, repository: str, commit: str) -> Mapping[str, CommitStatus]:
        words = [
            self._api.fields("commit status", each)
            for each in self._api.entries(
                path_of(repository, "commits", commit, "statuses"),
                operation=f"read what checks say of {commit[:12]} in {repository}",
            )
        ]
        # two words may be of the same second
        in_order = sorted(words, key=lambda word: word.number("id"))
        return {status.context: status for status in map(status_of, in_order)}

    def set(self, repository: str, commit: str, status: CommitStatus) -> None:
        last = self.of(repository, commit).get(status.context)
        if last is not None and _says(last) == _says(status):
            return
        self._api.write(
            "POST",
            path_of(repository, "statuses", commit),
            {
                "context": status.context,
                "state": status.state.value,
                "description": status.description,
                "target_url": status.url,
            },
            operation=f"say {status.context} of {commit[:12]} in {repository}",
        )


def _says(status: CommitStatus) -> tuple[str, str, str]:
    return status.state.value, status.description, status.url
