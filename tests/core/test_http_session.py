"""An answer that drips ends after its time, wherever it drips; others are as they were."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import requests

from flagstone.core import http_session
from flagstone.core.http_session import GuardedSession
from tests.http_server import Reply, serving

TURN = 0.05


@contextmanager
def dripping(*, at_once: bytes, then: bytes) -> Iterator[str]:
    """Serve something at once and then something else without end, a part each turn."""
    is_over = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(at_once)
                for part in itertools.repeat(then):
                    if is_over.wait(TURN):
                        return
                    connection.sendall(part)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            is_over.set()
    thread.join()


def read(url: str) -> bytes:
    with GuardedSession().get(url, timeout=5, stream=True) as answer:
        return b"".join(answer.iter_content(65536))


@pytest.mark.parametrize(
    ("at_once", "then"),
    [
        (b"HTTP/1.1 ", b"2"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["status", "header", "body", "body without length", "chunks", "not yet"],
)
def test_an_answer_that_drips_ends_after_its_time(
    monkeypatch: pytest.MonkeyPatch, at_once: bytes, then: bytes
) -> None:
    monkeypatch.setattr(http_session, "WHOLE_ANSWER_SECONDS", 0.5)
    began = time.monotonic()
    with dripping(at_once=at_once, then=then) as url, pytest.raises(requests.RequestException):
        read(url)
    assert time.monotonic() - began < 30


def test_each_answer_over_a_kept_connection_has_its_own_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_session, "WHOLE_ANSWER_SECONDS", 1.0)
    with serving(lambda _: Reply(200, {"a": "x" * 200_000})) as server, GuardedSession() as session:
        for _ in range(3):
            assert len(session.get(server.url, timeout=5).json()["a"]) == 200_000
            time.sleep(0.5)
        (pool,) = session.get_adapter(server.url).poolmanager.pools._container.values()
        assert (pool.num_connections, pool.num_requests) == (1, 3)
