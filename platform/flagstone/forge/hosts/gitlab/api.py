"""The requests that all parts of the adapter share: a project's address, lists, and what is not there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from flagstone.forge.errors import (
    ForgeError,
    OutcomeUnknown,
    PermissionDenied,
    PullRequestNotFound,
    RepositoryArchived,
    RepositoryGone,
    ServerError,
)
from flagstone.forge.hosts.gitlab.names import escaped
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.refusals import refusal_of
from flagstone.forge.hosts.rest.transport import MOST_PAGES, Answer, Transport

PAGE_SIZE = 100


def path_of(repository: str, *parts: str | int) -> str:
    """Return the path of something in a project, which is addressed by its full path."""
    return "/".join(["projects", escaped(repository), *(escaped(str(part)) for part in parts)])


class GitLabApi:
    """One GitLab's API, spoken with one credential."""

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
        repository: str,
        *parts: str | int,
        operation: str,
        payload: Mapping[str, Any] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        """Change something in a project, once; see `Transport.write`.

        Raises:
            RepositoryArchived: GitLab itself only says that it is forbidden.
        """
        path = path_of(repository, *parts)
        try:
            return self.transport.write(
                method, path, operation=operation, payload=payload, accept=accept
            )
        except PermissionDenied as error:
            if not self._is_archived(repository):
                raise
            raise RepositoryArchived(
                f"The project {repository} is archived, so {self.host} does not let anybody "
                f"{operation}. Unarchive it in its settings, then try again.",
                status=error.params.get("status"),
            ) from error

    def entries(
        self,
        path: str,
        *,
        operation: str,
        what: str,
        params: Mapping[str, Any] | None = None,
    ) -> Iterator[Fields]:
        """Yield the entries of a list, page by page.

        The next page is asked for by its number: the addresses in `Link` begin with what GitLab takes for its own
        address, which behind a proxy is often another one.
        """
        number = "1"
        for _ in range(MOST_PAGES):
            query = {**(params or {}), "page": number, "per_page": PAGE_SIZE}
            answer = self.get(path, operation=operation, params=query)
            found = self.listed(answer, operation)
            for entry in found:
                yield self.fields(what, entry)
            number = answer.headers.get("x-next-page", "")
            if not number or not found:
                return

    def listed(self, answer: Answer, operation: str) -> list[Any]:
        """Return the list of an answer.

        Raises:
            ServerError: It is no list.
        """
        if not isinstance(answer.body, list):
            raise ServerError(f"{self.host} gave no list when asked to {operation}.")
        return answer.body

    def fields(self, what: str, values: Any, *, of_write: bool = False) -> Fields:
        """Return an object of an answer, to be read leniently."""
        error: type[ForgeError] = OutcomeUnknown if of_write else ServerError
        return Fields(self.host, what, values, error)

    def refusal(self, answer: Answer, operation: str) -> ForgeError:
        """Return the error of an answer that was accepted for a closer look."""
        return refusal_of(self.host, operation, answer.status, answer.headers, answer.body)

    def project(self, repository: str) -> Fields:
        """Describe a project.

        Raises:
            RepositoryGone: It is missing, or hidden from this credential.
        """
        answer = self.get(path_of(repository), operation=f"read the project {repository}")
        fields = self.fields("project", answer.body)
        fields.text("path_with_namespace")  # else it is none, and all that may be missing misleads
        return fields

    def branch_head(self, repository: str, branch: str) -> str | None:
        """Return the commit of a branch; None where it is not there."""
        answer = self.get(
            path_of(repository, "repository", "branches", branch),
            operation=f"read the branch {branch} of {repository}",
            accept=(HTTPStatus.NOT_FOUND,),
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return self.fields("branch", answer.body).inner("commit").text("id")

    def merge_request(self, repository: str, number: int) -> Fields:
        """Describe a merge request.

        Raises:
            PullRequestNotFound: The project has none of that number.
            RepositoryGone: The project itself cannot be seen.
        """
        try:
            answer = self.get(
                path_of(repository, "merge_requests", number),
                operation=f"read merge request !{number} of {repository}",
            )
        except RepositoryGone as error:
            self.project(repository)  # the same answer comes where that is hidden
            raise PullRequestNotFound(
                f"There is no merge request !{number} in {repository}.", number=number
            ) from error
        return self.merge_request_of(answer)

    def merge_request_of(self, answer: Answer, *, of_write: bool = False) -> Fields:
        """Return the merge request of an answer, which has to be one: all that may be missing misleads else."""
        fields = self.fields("merge request", answer.body, of_write=of_write)
        fields.number("iid")
        return fields

    def own_login(self) -> str:
        """Return whose credential this is."""
        if not self._own_login:
            answer = self.get("user", operation="read whose token Flagstone has")
            self._own_login = self.fields("user", answer.body).text("username")
        return self._own_login

    def _is_archived(self, repository: str) -> bool:
        try:
            return self.project(repository).flag("archived", default=False)
        except ForgeError:
            return False
