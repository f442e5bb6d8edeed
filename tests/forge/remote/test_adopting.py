"""A pull request that was opened although its change was given up, at code hosts of each kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest
import time_machine

from flagstone.forge import pipeline
from flagstone.forge.errors import ForgeError, OutcomeUnknown
from flagstone.forge.hosts.base import MergeMethod
from flagstone.forge.models import ChangeRequest, ChangeState
from flagstone.forge.people import BOT_ACCOUNT
from tests.forge.remote.test_shipping import assert_once, reloaded
from tests.forge.remote.worlds import REPO, World
from tests.http_server import Fault, Reply


@pytest.fixture
def given_up(far: World, change: ChangeRequest) -> ChangeRequest:
    """Its opening took effect, the answer was lost, and then the attempts ran out."""
    far.server.faults.append(Fault("POST /", Reply(500), cuts=True, is_done=True))
    with pytest.raises(OutcomeUnknown):
        pipeline.ship(change.pk)
    far.server.faults[:] = [Fault(" /", Reply(503), times=200)]
    ChangeRequest.objects.update(attempts=9)
    with (
        time_machine.travel(reloaded(change).not_before + timedelta(seconds=1)),
        pytest.raises(ForgeError),
    ):
        pipeline.ship(change.pk)
    far.server.faults.clear()
    assert reloaded(change).state == ChangeState.FAILED
    return change


def test_a_look_at_the_repository_ties_them_together_and_a_worker_goes_on(
    far: World, given_up: ChangeRequest
) -> None:
    pipeline.sync_repository(far.repository.pk)
    change = reloaded(given_up)
    assert (change.state, change.attempts, change.last_error) == ("decorating", 0, "")
    assert change.pull_request is not None
    assert change.pull_request.author == change.requested_by
    pipeline.ship(change.pk)
    assert_once(far, change)


def test_one_that_was_merged_there_is_merged(far: World, given_up: ChangeRequest) -> None:
    [pull] = far.pulls()
    far.forge.merge_pull_request(
        REPO, pull.number, expected_head=pull.head, method=MergeMethod.MERGE, by=BOT_ACCOUNT
    )
    pipeline.sync_repository(far.repository.pk)
    assert reloaded(given_up).state == ChangeState.MERGED


def test_a_copied_mark_ties_nothing(far: World, given_up: ChangeRequest) -> None:
    [pull] = far.pulls()
    unmeasured = mock.patch(
        "flagstone.forge.pipeline.pull_requests.measure_pull_request", return_value={}
    )
    for other in ("source", "target", "head", "body"):
        look = replace(pull, **{other: "9" * 40})
        with unmeasured:
            pipeline.record_pull_request(far.repository, look)
        assert (reloaded(given_up).state, reloaded(given_up).pull_request) == ("failed", None)
