"""Row 29: a credential is found nowhere: not in logs, the database, messages, the process list, or what others read."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from flagstone.forge import tasks
from flagstone.forge.credentials import read_secret
from flagstone.forge.models import ChangeRequest, SecretPurpose
from tests.forge.remote.worlds import World
from tests.http_server import Fault, Reply

pytestmark = pytest.mark.django_db(transaction=True)


def everything_in_the_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        texts = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            texts += [row[0] for row in cursor.fetchall()]
    return "\n".join(texts)


def everything_in_redis() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL)
    texts = []
    for key in client.scan_iter():
        with suppress(redis.ResponseError):
            texts.append(repr((key, client.dump(key))))
    return "\n".join(texts)


@contextmanager
def watching_processes() -> Iterator[set[str]]:
    """Collect the command line of every process that there is while the block runs."""
    seen: set[str] = set()
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            for each in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.add(each.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            time.sleep(0.005)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()


@pytest.mark.parametrize(
    ("match", "status", "headers"),
    [
        ("", 0, {}),
        ("POST /", 502, {}),
        (" /", 401, {}),
        ("POST /", 403, {}),
        ("POST /", 429, {"Retry-After": "1"}),
    ],
    ids=["all is well", "502", "401", "403", "429"],
)
def test_row_29_a_credential_is_found_nowhere_even_where_the_code_host_repeats_it(
    far: World,
    change: ChangeRequest,
    caplog: pytest.LogCaptureFixture,
    match: str,
    status: int,
    headers: dict[str, str],
) -> None:
    token = read_secret(far.host, SecretPurpose.TOKEN)
    if match:
        reply = Reply(status, {"message": f"{token} is not good"}, headers)
        far.server.faults.append(Fault(match, reply, times=30))
    with caplog.at_level(logging.DEBUG), watching_processes() as commands:
        tasks.ship_change(str(change.pk))
        tasks.sync_repository(far.repository.pk)
    far.server.faults.clear()
    bodies = [pull.body for pull in far.pulls()] if status != 429 else []
    told = [caplog.text, everything_in_the_database(), everything_in_redis(), *commands, *bodies]
    assert any(" push " in command for command in commands)
    assert change.branch in "\n".join(told)
    assert token not in "\n".join(told)
