"""The requests that all parts of the adapter share: paths, lists, and what is not there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from requests.utils import parse_header_links

from flagstone.forge.errors import (
    ForgeError,
    OutcomeUnknown,
    PullRequestNotFound,
    RepositoryGone,
    ServerError,
)
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.transport import MOST_PAGES, Answer, Transport

# the most that a code host gives at once unless its operator says otherwise
PAGE_SIZE = 50


def path_of(repository: str, *parts: str | int) -> str:
    """Return the path of something in a repository; a branch keeps its slashes, as the routes expect."""
    return "/".join(["/repos", quote(repository), *(quote(str(part)) for part in parts)])


class GiteaApi:
    """One code host's API, spoken with one credential."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._own_login = ""

    @property
    def host(self) -> str:
        """What people call the code host."""
        return self.transport.name

    def get(
        self,
        path: str,
        *,
        operation: str,
        params: Mapping[str, Any] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        return self.transport.get(path, operation=operation, params=params, accept=accept)

    def write(
        self,
        method: str,
        path: str,
        payload: Mapping[str, Any] | None = None,
        *,
        operation: str,
        accept: Collection[int] = (),
    ) -> Answer:
        return self.transport.write(
            method, path, operation=operation, payload=payload, accept=accept
        )

    def entries(
        self,
        path: str,
        *,
        operation: str,
        params: Mapping[str, Any] | None = None,
    ) -> Iterator[Any]:
        """Yield the entries of a list, page by page.

        The next page is asked for by its number: the addresses in `Link` begin with what the operator
        calls the code host, which need not be the address that leads to it from here.

        Args:
            path: Of the list.
            operation: What it is for, in words.
            params: Of the query.
        """
        seen = 0
        for number in range(1, MOST_PAGES + 1):
            query = {**(params or {}), "page": number, "limit": PAGE_SIZE}
            answer = self.get(path, operation=operation, params=query)
            found = self.listed(answer, operation)
            yield from found
            seen += len(found)
            if not found or not _has_more(answer.headers, seen, len(found)):
                return
        raise ServerError(
            f"{self.host} has more than {MOST_PAGES} pages to {operation}; Flagstone reads no more."
        )

    def listed(self, answer: Answer, operation: str) -> list[Any]:
        """Return the list of an answer; an empty one may be null.

        Raises:
            ServerError: It is no list.
        """
        found = [] if answer.body is None else answer.body
        if not isinstance(found, list):
            raise ServerError(f"{self.host} gave no list when asked to {operation}.")
        return found

    def fields(self, what: str, values: Any, *, of_write: bool = False) -> Fields:
        """Return an object of an answer, to be read leniently."""
        error: type[ForgeError] = OutcomeUnknown if of_write else ServerError
        return Fields(self.host, what, values, error)

    def repository(self, repository: str) -> Fields:
        """Describe a repository.

        Raises:
            RepositoryGone: It is missing, or hidden from this credential.
        """
        answer = self.get(path_of(repository), operation=f"read the repository {repository}")
        return self.fields("repository", answer.body)

    def branch_head(self, repository: str, branch: str) -> str | None:
        """Return the commit of a branch; None where it is not there."""
        answer = self.get(
            path_of(repository, "branches", branch),
            operation=f"read the branch {branch} of {repository}",
            accept=(HTTPStatus.NOT_FOUND,),
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return self.fields("branch", answer.body).inner("commit").text("id")

    def pull_request(self, repository: str, number: int) -> Fields:
        """Describe a pull request.

        Raises:
            PullRequestNotFound: The repository has none of that number.
            RepositoryGone: The repository itself cannot be seen.
        """
        answer = self.get(
            path_of(repository, "pulls", number),
            operation=f"read pull request #{number} of {repository}",
            accept=(HTTPStatus.NOT_FOUND,),
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            self.repository(repository)
            raise PullRequestNotFound(
                f"{self.host} has no pull request #{number} in {repository}.", number=number
            )
        return self.fields("pull request", answer.body)

    def own_login(self) -> str:
        """Return the name of the account that the credential belongs to."""
        if not self._own_login:
            answer = self.get("/user", operation="say whose credential this is")
            self._own_login = self.fields("user", answer.body).text("login")
        return self._own_login

    def has_repository(self, repository: str) -> Fields | None:
        """Describe a repository; None where it is missing or hidden."""
        try:
            return self.repository(repository)
        except RepositoryGone:
            return None


def _has_more(headers: Mapping[str, str], seen: int, here: int) -> bool:
    """Tell whether another page follows: most lists say so, in one way or another."""
    if link := headers.get("link", ""):
        return any(each.get("rel") == "next" for each in parse_header_links(link))
    total = headers.get("x-total-count", "")
    return seen < int(total) if total.isdigit() else here >= PAGE_SIZE
