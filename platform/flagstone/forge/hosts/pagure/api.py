"""The requests that all parts of the adapter share: lists, branches, commits, and who reads them how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flagstone.forge.errors import (
    OutcomeUnknown,
    PullRequestNotFound,
    RefNotFound,
    RepositoryGone,
    ServerError,
)
from flagstone.forge.hosts.pagure.names import path_of
from flagstone.forge.hosts.pagure.refusals import pagure_refusal_of
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.transport import MOST_PAGES, Transport

# it gives up to 100, and each pull request brings its comments and its whole repository along
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches of a repository; `default` is "" where its HEAD leads nowhere."""

    default: str
    heads: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CommitInfo:
    parents: tuple[str, ...]
    at: datetime | None


class PagureApi:
    """One code host's API, spoken with one credential.

    Most of what it reads out it reads out to everybody: a credential does not open private repositories
    there, which look as if they were missing.

    Args:
        transport: To `https://HOST/api/0`.
        user: The account that the credential belongs to.
    """

    def __init__(self, transport: Transport, *, user: str) -> None:
        self._transport = transport.refusing_by(pagure_refusal_of)
        self.user = user
        # what a commit is never changes, and one is asked for again and again on the way to a merge
        self._commits: dict[tuple[str, str], CommitInfo] = {}

    @property
    def host(self) -> str:
        """What people call the code host."""
        return self._transport.name

    def get(
        self,
        path: str,
        what: str,
        *,
        operation: str,
        params: Mapping[str, Any] | None = None,
    ) -> Fields:
        """Read something; `what` names it in words."""
        answer = self._transport.get(path, operation=operation, params=params)
        return Fields(self.host, what, answer.body)

    def write(
        self,
        path: str,
        payload: Mapping[str, Any],
        what: str = "answer",
        *,
        operation: str,
    ) -> Fields:
        """Change something; an answer that cannot be read leaves open whether it was done."""
        answer = self._transport.write("POST", path, operation=operation, payload=payload)
        return Fields(self.host, what, answer.body, OutcomeUnknown)

    def entries(
        self, path: str, key: str, *, operation: str, params: Mapping[str, Any] | None = None
    ) -> Iterator[Fields]:
        """Yield the entries of a list, page by page.

        The next page is asked for by its number: the addresses in the answer begin with what the operator
        calls the code host, which need not be the address that leads to it from here.
        """
        for number in range(1, MOST_PAGES + 1):
            query = {**(params or {}), "page": number, "per_page": PAGE_SIZE}
            page = self.get(path, "page", operation=operation, params=query)
            total = page.number(f"total_{key}")
            yield from page.each(key)
            if number * PAGE_SIZE >= total:
                return
        raise ServerError(
            f"{self.host} has more than {MOST_PAGES * PAGE_SIZE} entries to {operation}; Flagstone "
            "reads no more."
        )

    def repository(self, repository: str) -> Fields:
        """Describe a repository.

        Raises:
            RepositoryGone: It is missing, or hidden from this credential.
        """
        return self.get(
            path_of(repository), "repository", operation=f"read the repository {repository}"
        )

    def has_repository(self, repository: str) -> Fields | None:
        """Describe a repository; None where it is missing or hidden."""
        try:
            return self.repository(repository)
        except RepositoryGone:
            return None

    def branches(self, repository: str) -> Branches:
        found = self.get(
            path_of(repository, "git", "branches"),
            "list of branches",
            operation=f"list the branches of {repository}",
            params={"with_commits": "true"},
        )
        default = _texts(found.inner("default"))
        return Branches(next(iter(default), ""), _texts(found.inner("branches")))

    def commit(self, repository: str, commit: str) -> CommitInfo | None:
        """Describe a commit; None where it is not there."""
        key = (repository, commit)
        if key not in self._commits:
            try:
                found = self.get(
                    path_of(repository, "c", commit, "info"),
                    "commit",
                    operation=f"read the commit {commit[:12]} of {repository}",
                )
            except RefNotFound:
                return None
            self._commits[key] = CommitInfo(
                found.texts("parent_ids"), found.optional_moment("commit_time")
            )
        return self._commits[key]

    def pull_request(self, repository: str, number: int) -> Fields:
        """Describe a pull request.

        Raises:
            PullRequestNotFound: The repository has none of that number.
            RepositoryGone: The repository itself cannot be seen.
        """
        try:
            return self.get(
                path_of(repository, "pull-request", number),
                "pull request",
                operation=f"read pull request #{number} of {repository}",
            )
        except PullRequestNotFound as error:
            raise PullRequestNotFound(
                f"{self.host} has no pull request #{number} in {repository}.", number=number
            ) from error


def _texts(fields: Fields) -> dict[str, str]:
    """Return an object of texts alone."""
    return {name: fields.text(name) for name in fields.names()}
