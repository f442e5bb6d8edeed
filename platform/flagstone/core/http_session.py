"""The HTTP session for servers of others: a redirect is an answer like any other, and no answer comes for ever."""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

# a server that sends a byte now and then is never silent for as long as a timeout
WHOLE_ANSWER_SECONDS = 40.0


class GuardedSession(requests.Session):
    """A session that never makes anything of a redirect, and ends an answer that drips.

    `allow_redirects=False` is not enough: requests reads the body all the same, however long it is, and takes the new
    address apart, which fails on an odd one.
    """

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Tell that there is nowhere to go."""


class _Until(io.RawIOBase):
    """Reads from a connection up to a moment: each wait is no longer than what is left."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._bytes = cast("io.RawIOBase", connection.makefile("rb", buffering=0))
        self._silence = connection.gettimeout()
        self._deadline = time.monotonic() + WHOLE_ANSWER_SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long as a whole")
        self._connection.settimeout(left if self._silence is None else min(left, self._silence))
        return self._bytes.readinto(buffer)

    def close(self) -> None:
        self._bytes.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        unlimited, self.fp = self.fp, io.BufferedReader(_Until(sock))
        unlimited.close()


class _Connection(HTTPConnection):
    response_class = _TimedResponse


class _SecureConnection(HTTPSConnection):
    response_class = _TimedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **more)
        # a SOCKS proxy has connections of its own, which cannot be put in the place of these
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager
