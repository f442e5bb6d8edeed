from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from flagstone.forge.signals import (
    announce_pull_request,
    announce_repository,
    pull_request_changed,
)


def test_listeners_hear_it_after_the_commit(
    db: None,
    heard: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        announce_repository(repository_id=1, branch="main", commit="c")
        announce_pull_request(pull_request_id=2, state="merged")
        assert heard == []
    assert heard == [
        {"repository_id": 1, "branch": "main", "commit": "c"},
        {"pull_request_id": 2, "state": "merged"},
    ]


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_breaks_does_not_undo_what_was_done(
    heard: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(**_: object) -> None:
        raise RuntimeError("broken listener")

    pull_request_changed.connect(break_down)
    try:
        with transaction.atomic():
            announce_pull_request(pull_request_id=2, state="merged")
    finally:
        pull_request_changed.disconnect(break_down)
    assert "broken listener" in caplog.text
