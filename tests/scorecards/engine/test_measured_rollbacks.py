"""RB-06: what the portal has measured decides, and its absence is no fault."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flagstone.scorecards.engine.measurements import Health, MeasuredRollback, Measurements
from flagstone.scorecards.engine.states import State
from tests.scorecards.engine.samples import NOW, files_of, objects, score, scorecard, verdict

REF = "rollout/payments/checkout"


def rollback(minutes: float | None, *, days_ago: float = 1, health: Health = Health.HEALTHY):
    merged = NOW - timedelta(days=days_ago)
    healthy = None if minutes is None else merged + timedelta(minutes=minutes)
    return MeasuredRollback(merged, health, healthy)


def judged(measured):
    report = score(files_of(objects("rollout", "service")), scorecard("RB-06"), measured=measured)
    return verdict(report, "RB-06")


@pytest.mark.parametrize(
    ("rollbacks", "state", "words"),
    [
        ([rollback(10)], State.PASS, "10 min"),
        ([rollback(10.1)], State.FAIL, "only after 10 min"),
        ([*[rollback(4)] * 9, rollback(60)], State.PASS, "4 min"),
        ([*[rollback(4)] * 8, rollback(60), rollback(61)], State.FAIL, "only after 60 min"),
        ([rollback(None, health=Health.UNHEALTHY)], State.FAIL, "never"),
        ([rollback(None, health=Health.WAITING)], State.FAIL, "never"),
        (
            [rollback(None, health=Health.WAITING, days_ago=0.001)],
            State.NO_DATA,
            "nobody reported health",
        ),
        ([rollback(None, health=Health.NOT_REPORTED)], State.NO_DATA, "nobody reported health"),
        ([rollback(60, days_ago=91)], State.NOT_APPLICABLE, "in the last 90 days"),
        ([], State.NOT_APPLICABLE, "in the last 90 days"),
    ],
)
def test_nine_of_ten_count(rollbacks, state, words) -> None:
    found = judged({REF: Measurements(tuple(rollbacks))})

    assert (found.state, words in found.summary) == (state, True), found.summary


def test_a_service_without_a_rollback_is_not_judged() -> None:
    assert judged({}).summary == "no rollback was merged in the last 90 days"


def test_where_nothing_is_measured_it_says_so() -> None:
    found = judged(None)

    assert found.state is State.NOT_APPLICABLE
    assert found.summary == "nothing is measured here: the portal measures rollbacks"
