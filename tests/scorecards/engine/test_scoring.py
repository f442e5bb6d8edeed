"""Score, coverage and level: arithmetic on states."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.scorecards.engine.scoring import Mark, coverage, level, score
from flagstone.scorecards.engine.states import State

MARKS = st.lists(
    st.builds(Mark, st.sampled_from(State), st.sampled_from([1, 2, 4, 8]), st.integers(0, 2)),
    max_size=12,
)


def marks(*states: str, weight: int = 4, at: int = 0) -> list[Mark]:
    return [Mark(State(state), weight, at) for state in states]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["pass", "pass"], 100),
        (["pass", "fail"], 50),
        (["pass", "pass", "fail"], 66),  # rounded down
        (["warn", "fail"], 50),
        (["pass", "no_data"], 50),  # no data earns nothing
        (["pass", "error"], 100),
        (["pass", "exempt", "upcoming", "not_applicable"], 100),
        (["fail"], 0),
        (["not_applicable"], None),
        (["exempt", "upcoming", "error"], None),
        ([], None),
    ],
)
def test_score(states: list[str], expected: int | None) -> None:
    assert score(marks(*states)) == expected


def test_a_heavy_check_counts_more() -> None:
    assert score([*marks("pass", weight=1), *marks("fail", weight=8)]) == 11


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["pass", "fail", "warn"], 1.0),
        (["pass", "no_data"], 0.5),
        (["pass", "pass", "error"], 0.667),
        (["pass", "not_applicable", "exempt", "upcoming"], 1.0),
        (["no_data"], 0.0),
        (["not_applicable"], None),
    ],
)
def test_coverage(states: list[str], expected: float | None) -> None:
    assert coverage(marks(*states)) == expected


@pytest.mark.parametrize(
    ("bronze", "silver", "gold", "expected"),
    [
        (["pass"], ["pass"], ["pass"], 2),
        (["pass"], ["pass"], ["fail"], 1),
        (["pass"], ["fail"], ["pass"], 0),  # all of gold, but two of silver failed
        (["fail"], ["pass"], ["pass"], None),
        (["pass"], ["warn", "exempt", "upcoming", "not_applicable"], ["pass"], 2),
        (["pass"], ["no_data"], ["pass"], 0),
        (["not_applicable"], ["not_applicable"], ["pass"], 2),
        (["not_applicable"], ["not_applicable"], ["fail"], None),  # nothing earned it a level
        (["not_applicable"], ["not_applicable"], ["not_applicable"], None),
        (["exempt"], [], [], None),
    ],
)
def test_level(bronze: list[str], silver: list[str], gold: list[str], expected: int | None) -> None:
    found = [
        mark
        for rank, states in enumerate((bronze, silver, gold))
        for mark in marks(*states, at=rank)
    ]

    assert level(found, 3) == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, 0),  # nobody knows: the broken check counts as not ok
        (0, 0),
        (1, 1),
        (2, 1),  # the checks that did answer allow no more than silver
    ],
)
def test_a_broken_check_keeps_the_last_level(last: int | None, expected: int) -> None:
    found = [*marks("pass", at=0), *marks("pass", "error", at=1), *marks("fail", at=2)]

    assert level(found, 3, last) == expected


@given(MARKS)
def test_losing_data_never_raises_anything(found: list[Mark]) -> None:
    blind = [
        Mark(State.NO_DATA, mark.weight, mark.level)
        if mark.state in {State.PASS, State.WARN, State.FAIL}
        else mark
        for mark in found
    ]

    assert (score(blind) or 0) <= (score(found) or 0)
    assert (coverage(blind) or 0) <= (coverage(found) or 0)
    assert _rank(level(blind, 3)) <= _rank(level(found, 3))


@given(MARKS)
def test_100_means_that_nothing_is_missing(found: list[Mark]) -> None:
    if score(found) == 100:
        assert not {State.FAIL, State.NO_DATA} & {mark.state for mark in found}


def _rank(found: int | None) -> int:
    return -1 if found is None else found
