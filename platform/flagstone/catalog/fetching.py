"""Reads catalogue files from addresses on allowed hosts; nothing else of Flagstone's catalogue uses the network."""

from __future__ import annotations

import requests
from django.conf import settings

from flagstone.catalog.engine.composing import Limits
from flagstone.catalog.engine.placeholders import Unresolved
from flagstone.core.http_session import GuardedSession

_TIMEOUT = (3.05, 10)
_MISSING = frozenset({404, 410})


class AllowedHosts:
    """Fetches from the hosts that the platform team allowed in FLAGSTONE_CATALOG_ALLOWED_HOSTS."""

    def __init__(self) -> None:
        self.allowed_hosts: list[str] = list(settings.FLAGSTONE_CATALOG_ALLOWED_HOSTS)
        self._session = GuardedSession()
        self._session.auth = _no_credentials

    def fetch(self, url: str) -> bytes | None:
        """Return what an address gives, None if there is nothing.

        A redirect is not followed: it could lead to a host that nobody allowed.
        """
        try:
            with self._session.get(
                url, timeout=_TIMEOUT, allow_redirects=False, stream=True
            ) as answer:
                if answer.status_code in _MISSING:
                    return None
                if answer.status_code != requests.codes.ok:
                    raise Unresolved(f"the host answers {answer.status_code}.")
                return _limited(answer)
        except requests.RequestException as error:
            raise Unresolved(f"the host gives no answer ({type(error).__name__}).") from error


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep what a .netrc of the worker's account holds out of the request."""
    return request


def _limited(answer: requests.Response) -> bytes:
    limit = Limits().max_bytes
    data = bytearray()
    for part in answer.iter_content(64 * 1024):
        data += part
        if len(data) > limit:
            break  # the reading tells that it is too large
    return bytes(data)
