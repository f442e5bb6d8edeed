"""What Flagstone shows GitHub: a personal access token, or short-lived tokens of a GitHub App's installations."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import quote

import jwt

from flagstone.forge.errors import (
    AuthenticationFailed,
    OutcomeUnknown,
    PermissionDenied,
    RepositoryGone,
    ServerError,
)
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.transport import Transport

# GitHub refuses a signature from its future and one that is valid for more than ten minutes: both ends
# leave a minute for clocks that differ
_SIGNED_BEFORE, _SIGNED_FOR = timedelta(minutes=1), timedelta(minutes=8)
_RENEWED_BEFORE = timedelta(minutes=5)

ReadSecret = Callable[[], str]


class Credential(Protocol):
    """Signs requests; the repository is `owner/name`, or its owner alone."""

    def header(self, repository: str) -> Mapping[str, str]:
        """Return the header for requests about a repository.

        Raises:
            ForgeError: There is no credential for it.
        """
        ...

    def git_token(self, repository: str) -> str:
        """Return what git signs in with."""
        ...

    def renew(self, repository: str) -> bool:
        """Forget what GitHub has just refused, and tell whether there will be another."""
        ...

    def own_login(self, transport: Transport) -> str:
        """Return the account that GitHub names for what is done with this credential."""
        ...


def read_own_login(transport: Transport) -> str:
    """Return whose a token is.

    Raises:
        PermissionDenied: An app's installation is nobody.
    """
    found = transport.get("/user", operation="ask whose the credential is")
    return Fields(transport.name, "account", found.body).text("login")


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """A token of an account, classic or fine-grained; read anew each time."""

    read: ReadSecret = field(repr=False)

    def header(self, repository: str) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.read()}"}

    def git_token(self, repository: str) -> str:
        return self.read()

    def renew(self, repository: str) -> bool:
        return False

    def own_login(self, transport: Transport) -> str:
        return read_own_login(transport)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    expires_at: datetime


# shared by all adapters of the process, which are made for each task; a key that signs nothing finds nothing here
_TOKENS: dict[tuple[str, str, str, str], _Token] = {}
_TOKENS_LOCK = threading.Lock()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class AppInstallation:
    """The installations of one GitHub App, each at an organisation or person.

    Args:
        app_id: Number or client id of the app.
        private_key: Reads its key, as PEM.
        transport: Speaks to GitHub; its own credential is not used.
        now: The clock.
    """

    def __init__(
        self,
        app_id: str,
        private_key: ReadSecret,
        transport: Transport,
        *,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._app_id = app_id
        self._private_key = private_key
        self._transport = transport.speaking_as(self._app_header)
        self._now = now
        self._key_digest = ""

    def header(self, repository: str) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.git_token(repository)}"}

    def git_token(self, repository: str) -> str:
        owner = repository.partition("/")[0]
        key = self._key(owner)
        with _TOKENS_LOCK:
            known = _TOKENS.get(key)
        if known is None or known.expires_at - self._now() < _RENEWED_BEFORE:
            known = self._new_token(owner)
            with _TOKENS_LOCK:
                _TOKENS[key] = known
        return known.text

    def renew(self, repository: str) -> bool:
        with _TOKENS_LOCK:
            _TOKENS.pop(self._key(repository.partition("/")[0]), None)
        return True

    def own_login(self, transport: Transport) -> str:
        app = self._transport.get("/app", operation="ask for the GitHub App's own name")
        return f"{Fields(self._transport.name, 'GitHub App', app.body).text('slug')}[bot]"

    def _key(self, owner: str) -> tuple[str, str, str, str]:
        if not self._key_digest:
            self._key_digest = hashlib.sha256(self._private_key().encode()).hexdigest()
        return self._transport.base_url, self._app_id, self._key_digest, owner.lower()

    def _new_token(self, owner: str) -> _Token:
        path = f"/app/installations/{self._find(owner)}/access_tokens"
        operation = f"make a token of the GitHub App's installation at {owner}"
        try:
            made = self._transport.write("POST", path, operation=operation)
        except OutcomeUnknown as error:
            # one token too many does no harm, so there is nothing to look at before the next try
            raise ServerError(error.message) from error
        fields = Fields(self._transport.name, "token of an installation", made.body)
        return _Token(fields.text("token"), fields.moment("expires_at"))

    def _find(self, owner: str) -> int:
        operation = f"find the installation of the GitHub App at {owner}"
        for kind in ("orgs", "users"):
            path = f"/{kind}/{quote(owner, safe='')}/installation"
            try:
                found = self._transport.get(path, operation=operation)
            except RepositoryGone:
                continue
            return Fields(self._transport.name, "installation", found.body).number("id")
        raise PermissionDenied(
            f"The GitHub App {self._app_id} is not installed at {owner}. Install it there, with access to "
            "the repositories that Flagstone shall work with.",
            owner=owner,
        )

    def _app_header(self) -> Mapping[str, str]:
        now = self._now()
        claims = {
            "iat": int((now - _SIGNED_BEFORE).timestamp()),
            "exp": int((now + _SIGNED_FOR).timestamp()),
            "iss": self._app_id,
        }
        try:
            signed = jwt.encode(claims, self._private_key(), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            # the cause stays out: it may repeat a part of the key
            raise AuthenticationFailed(
                f"The private key of the GitHub App {self._app_id} cannot be read. Enter the whole .pem file "
                "that GitHub gave."
            ) from None
        return {"Authorization": f"Bearer {signed}"}
