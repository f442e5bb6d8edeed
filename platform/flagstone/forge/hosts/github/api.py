"""GitHub's REST API as one repository's requests see it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from flagstone.forge.errors import ForgeError, InvalidName, ServerError
from flagstone.forge.hosts.github.credentials import Credential
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.refusals import refusal_of
from flagstone.forge.hosts.rest.transport import Answer, Transport

PER_PAGE = 100
# the part after _ is of an enterprise that manages its own accounts
_OWNER = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}(?:_[A-Za-z0-9]{1,8})?")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


def check_full_name(repository: str) -> None:
    """Refuse a name that GitHub does not take.

    Raises:
        InvalidName: With what is allowed.
    """
    owner, _, name = repository.partition("/")
    is_taken_up = name in {".", ".."} or name.lower().endswith((".git", ".wiki"))
    if not _OWNER.fullmatch(owner) or not _NAME.fullmatch(name) or is_taken_up:
        raise InvalidName(
            f"{repository!r} is no name for a repository at GitHub. It is `owner/name`: the owner of letters, "
            "digits and single hyphens, up to 39; the name of letters, digits, `.`, `-` and `_`, up to 100, "
            "not ending in `.git` or `.wiki`.",
            name=repository,
        )


@dataclass(frozen=True, slots=True)
class RepositoryApi:
    """Requests below `/repos/<owner>/<name>`; path parts are quoted, slashes as well."""

    repository: str
    transport: Transport

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]

    def get(
        self,
        *parts: str | int,
        operation: str,
        params: Mapping[str, Any] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        return self.transport.get(
            self._path(parts), operation=self._where(operation), params=params, accept=accept
        )

    def pages(
        self,
        *parts: str | int,
        operation: str,
        params: Mapping[str, Any] | None = None,
        key: str = "",
        what: str = "",
    ) -> Iterator[Fields]:
        """Yield the entries of a list, as many requests as it has pages of a hundred."""
        found = self.transport.pages(
            self._path(parts),
            operation=self._where(operation),
            params={"per_page": PER_PAGE, **(params or {})},
            key=key,
        )
        for values in found:
            yield self.fields(what, values)

    def write(
        self,
        method: str,
        *parts: str | int,
        operation: str,
        payload: Mapping[str, Any] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        return self.transport.write(
            method,
            self._path(parts),
            operation=self._where(operation),
            payload=payload,
            accept=accept,
        )

    def fields(self, what: str, values: Any, error: type[ForgeError] = ServerError) -> Fields:
        return Fields(self.transport.name, what, values, error)

    def refusal(self, answer: Answer, operation: str) -> ForgeError:
        """Return the error of an answer that was accepted to look twice."""
        return refusal_of(
            self.transport.name,
            self._where(operation),
            answer.status,
            answer.headers,
            answer.body,
        )

    def _path(self, parts: tuple[str | int, ...]) -> str:
        quoted = [quote(str(part), safe="") for part in parts]
        return "/".join(["/repos", self.repository, *quoted])

    def _where(self, operation: str) -> str:
        return f"{operation} in {self.repository}"


@dataclass(frozen=True, slots=True)
class GitHubApi:
    """Requests to GitHub, each with the credential for what it is about."""

    transport: Transport
    credential: Credential

    def of(self, repository: str) -> RepositoryApi:
        """Return the requests of a repository.

        Raises:
            InvalidName: It can have no such name.
        """
        check_full_name(repository)
        return RepositoryApi(repository, self.speaking_for(repository))

    def speaking_for(self, repository: str) -> Transport:
        """Return a transport with the credential for a repository, or for all of an owner's."""
        return self.transport.speaking_as(
            partial(self.credential.header, repository),
            renew=partial(self.credential.renew, repository),
        )
