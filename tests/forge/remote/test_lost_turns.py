"""A worker whose database connection broke has lost its turn: where the code host dedupes nothing, it must notice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from flagstone.forge import pipeline
from flagstone.forge.errors import ChangeBusy
from flagstone.forge.hosts.base import PullRequestState
from flagstone.forge.hosts.rest.transport import Transport
from flagstone.forge.models import ChangeRequest
from flagstone.forge.pipeline import opening
from tests.forge.remote.test_shipping import reloaded
from tests.forge.remote.worlds import World, world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def far(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The one kind of code host that opens as many pull requests as it is asked for."""
    with world("pagure", tmp_path / "far", monkeypatch) as made:
        yield made


def in_another_process(work: Callable[[], object]) -> None:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def lose_connection_to(worker: Callable[[], object]) -> None:
    """Break this worker's connection, and let another worker do all of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()

    def end() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    in_another_process(end)
    in_another_process(worker)


def test_a_turn_that_was_lost_before_the_write_opens_nothing(
    far: World, change: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, losses = opening.pull_request_between, [True]

    def look(*arguments: Any) -> Any:
        found = plain(*arguments)
        if losses and losses.pop():
            lose_connection_to(lambda: pipeline.ship(change.pk))
        return found

    monkeypatch.setattr(opening, "pull_request_between", look)
    with pytest.raises(ChangeBusy, match="Another pull request is being opened"):
        pipeline.ship(change.pk)
    assert far.times_opened() == 1
    assert reloaded(change).state == "opened"


def test_a_second_one_that_was_opened_all_the_same_is_closed_again(
    far: World, change: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, losses = Transport.write, [True]

    def write(*arguments: Any, **more: Any) -> Any:
        if losses and losses.pop():
            lose_connection_to(lambda: pipeline.ship(change.pk))
        return plain(*arguments, **more)

    monkeypatch.setattr(Transport, "write", write)
    with pytest.raises(Exception, match="connection"):
        pipeline.ship(change.pk)
    connection.close()
    assert far.times_opened() == 2
    assert [(pull.number, pull.state) for pull in far.pulls()] == [
        (1, PullRequestState.OPEN), (2, PullRequestState.CLOSED),
    ]  # fmt: skip
    change = reloaded(change)
    assert (change.state, change.pull_request and change.pull_request.number) == ("opened", 1)
    pipeline.sync_repository(far.repository.pk)
    assert reloaded(change).state == "opened"
