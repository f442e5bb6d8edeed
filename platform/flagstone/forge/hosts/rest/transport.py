"""One request to a code host: sent once, answered or told apart by what the caller must do next.

Nothing here tries again, waits or follows a redirect: a client that sends a POST again after a broken answer opens
two pull requests, and one that follows a redirect takes its credential along.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies

from flagstone.core.http_session import GuardedSession
from flagstone.core.redaction import MASK, masked, spellings_of
from flagstone.forge.errors import ForgeError, OutcomeUnknown, ServerError, TransportError
from flagstone.forge.hosts.rest.answers import parsed
from flagstone.forge.hosts.rest.refusals import refusal_of

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 30.0
LONGEST_ANSWER = 20 * 1024 * 1024
# lists are long where a repository is old; one without an end is none
MOST_PAGES = 1_000
_CHUNK = 65536
_SAFE = frozenset({"GET", "HEAD"})

# as `refusal_of` is
Refusal = Callable[[str, str, int, Mapping[str, str], Any], ForgeError]
# no body, or JSON's own word for it: hosts written in Go call an empty list that
_NOTHING = frozenset({b"", b"null"})


class Pace(Protocol):
    """Keeps to what a code host asks of everybody who uses one credential."""

    def before(self, *, is_write: bool) -> None:
        """Let a request go, or say when it may.

        Raises:
            RateLimited: Not yet.
        """
        ...

    def pause(self, seconds: float) -> None:
        """Let nothing go for so long: the code host said so."""
        ...

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take note of what an answer tells of the requests that are left; names are in lower case."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a code host answered; header names are in lower case, `body` is the parsed JSON or None."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class _Received:
    """An answer before anybody judged it; `raw` is None where it was far too long."""

    status: int
    headers: Mapping[str, str]
    raw: bytes | None


class Transport:
    """Speaks to one code host with one credential.

    Args:
        name: What people call the code host.
        base_url: Of its REST API, such as `https://api.github.com`.
        authorize: Returns the header of the credential; asked for each request, since some are short-lived.
        pace: Of this credential.
        headers: Sent with each request.
        renew: See `speaking_as`.
        session: Of another transport, whose connections are shared; it brings its headers along.
        refusal: See `refusing_by`.
    """

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        authorize: Callable[[], Mapping[str, str]],
        pace: Pace,
        headers: Mapping[str, str] | None = None,
        renew: Callable[[], bool] | None = None,
        session: requests.Session | None = None,
        refusal: Refusal = refusal_of,
    ) -> None:
        self.name = name
        self.base_url = base_url.rstrip("/")
        self._authorize = authorize
        self._pace = pace
        self._renew = renew or _cannot_renew
        self._session = session or _new_session(headers or {})
        self._refusal = refusal

    def speaking_as(
        self, authorize: Callable[[], Mapping[str, str]], *, renew: Callable[[], bool] | None = None
    ) -> Transport:
        """Return one that speaks with another credential, over the same connections and at the same pace.

        Args:
            authorize: Returns the header of that credential.
            renew: Asked after a 401 whether a fresh credential can be had. If so, the request is sent once
                more: the code host did nothing without a credential.
        """
        return Transport(
            name=self.name,
            base_url=self.base_url,
            authorize=authorize,
            pace=self._pace,
            renew=renew,
            session=self._session,
            refusal=self._refusal,
        )

    def refusing_by(self, refusal: Refusal) -> Transport:
        """Return one that takes refusals otherwise: some code hosts tell in their JSON what is wrong."""
        return Transport(
            name=self.name,
            base_url=self.base_url,
            authorize=self._authorize,
            pace=self._pace,
            renew=self._renew,
            session=self._session,
            refusal=refusal,
        )

    def get(
        self,
        path: str,
        *,
        operation: str,
        params: Mapping[str, Any] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        """Read something.

        Args:
            path: Below the base address, or a whole address of the same code host.
            operation: What it is for, in words: `read the pull request`.
            params: Of the query.
            accept: Statuses besides 2xx that are answers and no failures.

        Raises:
            ForgeError: As `refusal_of` names it; a TransportError or ServerError where there was no answer.
        """
        return self._send("GET", path, operation, params=params, accept=accept)

    def pages(
        self, path: str, *, operation: str, params: Mapping[str, Any] | None = None, key: str = ""
    ) -> Iterator[Any]:
        """Read a list page by page, as the `Link` headers lead, and yield its entries.

        Args:
            path: See `get`.
            operation: See `get`.
            params: Of the first page's query.
            key: Where each page has its list; empty if the page is the list.
        """
        answer = self.get(path, operation=operation, params=params)
        for _ in range(MOST_PAGES):
            found = answer.body
            if key and isinstance(found, dict):
                found = found.get(key)
            if not isinstance(found, list):
                raise ServerError(f"{self.name} gave no list when asked to {operation}.")
            yield from found
            following = requests.utils.parse_header_links(answer.headers.get("link", ""))
            address = next((link["url"] for link in following if link.get("rel") == "next"), None)
            if address is None:
                return
            answer = self.get(address, operation=operation)
        raise ServerError(
            f"{self.name} has more than {MOST_PAGES} pages to {operation}; Flagstone reads no more."
        )

    def write(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        payload: Mapping[str, Any] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        """Change something, once.

        Raises:
            OutcomeUnknown: It may have been done: look before doing it again.
            ForgeError: As `refusal_of` names it; nothing was done.
        """
        return self._send(method, path, operation, payload=payload, accept=accept)

    def _send(
        self,
        method: str,
        path: str,
        operation: str,
        *,
        params: Mapping[str, Any] | None = None,
        payload: Mapping[str, Any] | None = None,
        accept: Collection[int],
    ) -> Answer:
        def once() -> _Received:
            return self._exchange(method, path, operation, params=params, payload=payload)

        received = once()
        if received.status == HTTPStatus.UNAUTHORIZED and self._renew():
            received = once()
        return self._judged(received, operation, is_write=method not in _SAFE, accept=accept)

    def _exchange(
        self,
        method: str,
        path: str,
        operation: str,
        *,
        params: Mapping[str, Any] | None,
        payload: Mapping[str, Any] | None,
    ) -> _Received:
        url = self._address(path)
        is_write = method not in _SAFE
        self._pace.before(is_write=is_write)
        credential = dict(self._authorize())
        spellings = [each for value in credential.values() for each in spellings_of(value)]
        try:
            with self._session.request(
                method,
                url,
                params=params,
                json=payload,
                headers=credential,
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
                stream=True,
                proxies=get_environ_proxies(url),
            ) as response:
                raw = _without(spellings, _read(response))
        except requests.ConnectTimeout as error:
            raise self._unreachable(operation) from error
        except requests.RequestException as error:
            if _never_left(error):
                raise self._unreachable(operation) from error
            raise self._unanswered(operation, is_write=is_write, how="gave no answer") from error
        headers = {
            name.lower(): masked(value, spellings) for name, value in response.headers.items()
        }
        self._pace.heard(headers)
        return _Received(response.status_code, headers, raw)

    def _judged(
        self, received: _Received, operation: str, *, is_write: bool, accept: Collection[int]
    ) -> Answer:
        status, headers, raw = received.status, received.headers, received.raw
        if raw is None:
            raise self._unanswered(operation, is_write=is_write, how="gave far too long an answer")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._unanswered(operation, is_write=is_write, how=f"answered {status}")
        body = parsed(raw)
        is_fine = status in accept or HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        if not is_fine:
            error = self._refusal(self.name, operation, status, headers, body)
            if error.code == "forge.rate_limited" and error.retry_after:
                self._pace.pause(error.retry_after)
            raise error
        if body is None and raw.strip() not in _NOTHING:
            raise self._unanswered(
                operation, is_write=is_write, how="gave an answer that is no JSON"
            )
        return Answer(status, headers, body)

    def _address(self, path: str) -> str:
        """Return the whole address; one that a code host gave must be its own."""
        if "://" not in path:
            return f"{self.base_url}/{path.lstrip('/')}"
        ours = urlsplit(self.base_url)
        try:
            theirs = urlsplit(path)
        except ValueError as error:
            raise ServerError(f"{self.name} leads to an address that is none.") from error
        if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
            raise ServerError(f"{self.name} leads to another host: {theirs.netloc}.")
        return path

    def _unreachable(self, operation: str) -> TransportError:
        host = urlsplit(self.base_url).netloc
        return TransportError(f"{self.name} cannot be reached at {host} to {operation}.")

    def _unanswered(
        self, operation: str, *, is_write: bool, how: str
    ) -> OutcomeUnknown | ServerError:
        message = f"{self.name} {how} when asked to {operation}."
        return OutcomeUnknown(message) if is_write else ServerError(message)


def _cannot_renew() -> bool:
    return False


def _new_session(headers: Mapping[str, str]) -> requests.Session:
    session = GuardedSession()
    # requests would take another password from the machine's .netrc; its proxies are wanted
    session.trust_env = False
    session.headers.update({"User-Agent": "flagstone", **headers})
    return session


def _never_left(error: requests.RequestException) -> bool:
    """Tell whether no byte of the request was sent: there was no connection to send it over."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectionError) and (
        type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "SSLError"}
    )


def _read(response: requests.Response) -> bytes | None:
    """Return the body; None when it is longer than any answer that is meant."""
    raw = bytearray()
    for chunk in response.iter_content(_CHUNK):
        raw += chunk
        if len(raw) > LONGEST_ANSWER:
            return None
    return bytes(raw)


def _without(spellings: Iterable[str], raw: bytes | None) -> bytes | None:
    """Take the credential out of an answer that repeats it: its words go into errors and logs."""
    for each in spellings:
        raw = raw and raw.replace(each.encode(), MASK.encode())
    return raw
