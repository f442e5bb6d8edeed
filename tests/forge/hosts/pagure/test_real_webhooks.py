"""Webhooks that a real Pagure delivers (row 36): proven and read as they come over the network."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from flagstone.forge.hosts.events import BadSignature, WebhookEvent
from flagstone.forge.hosts.pagure.events import read_event
from tests.forge.hosts.pagure.worlds import ADMIN, BOT, BRANCH, World, spec
from tests.http_server import Reply, Request, Server, serving

pytestmark = [pytest.mark.real_forge, pytest.mark.slow]
PATIENCE = 60.0


@pytest.fixture
def receiver() -> Iterator[Server]:
    with serving(lambda _: Reply(202)) as server:
        yield server


def hook_key(world: World, repository: str) -> str:
    """Return the key that Pagure signs with; it shows it on a page only, to who is signed in."""
    database = world.repositories.parent / "pagure.sqlite"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        [[key]] = connection.execute(
            "SELECT hook_token FROM projects WHERE name = ?", [repository]
        ).fetchall()
    return str(key)


def awaited(server: Server, wanted: Callable[[Request], bool]) -> Request:
    """Return a delivery as soon as it is there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for request in list(server.requests):
            if wanted(request):
                return request
        time.sleep(0.1)
    raise AssertionError(f"it did not come; {[each.headers for each in server.requests]} did")


def read(request: Request, *secrets: str) -> WebhookEvent:
    return read_event(request.headers, request.body, secrets=secrets, now=datetime.now(UTC))


def test_row_36_what_a_real_pagure_delivers_is_proven_and_read(
    real_pagure: World, receiver: Server
) -> None:
    world = real_pagure
    repository = world.new_repository()
    world.do(
        BOT, f"{repository}/options/update", **{"Web-hooks": f"{receiver.url}/webhooks/pagure"}
    )
    key = hook_key(world, repository)
    head = world.put(repository, {"a.txt": "one\ntwo\n"})
    pull = world.forge.create_pull_request(repository, spec(source=BRANCH))
    world.do(ADMIN, f"{repository}/pull-request/{pull.number}/comment", comment="Why?")

    opened = awaited(receiver, lambda each: each.headers["x-pagure-topic"] == "pull-request.new")
    event = read(opened, "another key of another project", key)
    assert (event.event, event.repository) == ("pull-request.new", repository)
    assert event.pull_requests == (pull.number,)
    assert event.is_of_interest
    said = awaited(
        receiver, lambda each: each.headers["x-pagure-topic"] == "pull-request.comment.added"
    )
    comment = read(said, key)
    assert comment.pull_requests == (pull.number,)
    assert comment.delivery_id != event.delivery_id
    assert head in opened.body.decode()

    with pytest.raises(BadSignature):
        read(opened, "another key of another project")
    changed = Request(
        opened.method, opened.path, opened.headers, opened.body.replace(b"new", b"old")
    )
    with pytest.raises(BadSignature):
        read(changed, key)
