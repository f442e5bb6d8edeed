"""The decision is the worst of its reasons, and silence is no verdict."""

from __future__ import annotations

import pytest

from flagstone.gate.rules import PullRequestSize, RequiredCheck, check_reasons, size_reasons
from flagstone.gate.verdict import Decision, Reason, decide
from flagstone.scorecards.engine.states import State


def _reason(state: Decision) -> Reason:
    return Reason("test", state, "", "")


@pytest.mark.parametrize(
    ("states", "decision"),
    [
        ([], Decision.SLOW),
        ([Decision.GO], Decision.GO),
        ([Decision.GO, Decision.SLOW], Decision.SLOW),
        ([Decision.STOP, Decision.GO, Decision.SLOW], Decision.STOP),
    ],
)
def test_the_worst_reason_decides(states, decision):
    assert decide(_reason(state) for state in states) is decision


@pytest.mark.parametrize(
    ("state", "decision"),
    [
        (State.PASS, Decision.GO),
        (State.NOT_APPLICABLE, Decision.GO),
        (State.EXEMPT, Decision.GO),
        (State.UPCOMING, Decision.GO),
        (State.WARN, Decision.SLOW),
        (State.NO_DATA, Decision.SLOW),
        (State.ERROR, Decision.SLOW),
        (State.FAIL, Decision.STOP),
    ],
)
def test_a_required_check_counts_by_the_table_of_states(state, decision):
    (reason,) = check_reasons([RequiredCheck("PB-01", "Readiness", state, "why")])
    assert reason.state is decision
    assert (reason.code, reason.check_id) == (
        ("checks.hold", "") if decision is Decision.GO else (f"checks.{state.value}", "PB-01")
    )


def test_a_service_that_nothing_looked_at_is_slow():
    (reason,) = check_reasons([])
    assert (reason.state, reason.code) == (Decision.SLOW, "checks.no_data")


def test_without_a_pull_request_size_says_nothing():
    assert size_reasons(None) == []


@pytest.mark.parametrize(
    ("lines", "decision"),
    [
        (0, Decision.GO),
        (199, Decision.GO),
        (200, Decision.SLOW),
        (400, Decision.SLOW),
        (401, Decision.STOP),
    ],
)
def test_size_at_its_borders(lines, decision):
    (reason,) = size_reasons(PullRequestSize(additions=lines, deletions=0))
    assert reason.state is decision
