"""The table of states: the one in the architecture, written out again by hand."""

from __future__ import annotations

import pytest

from flagstone.scorecards.engine.states import EFFECTS, Severity, State

TABLE = """
pass            earned      ok      ok
warn            earned      ok      warn
fail            lost        blocks  block
not_applicable  out         ok      ok
no_data         lost        blocks  warn
error           out         keeps   warn
exempt          out         ok      ok
upcoming        out         ok      ok
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("state", "score", "level", "gate"), ROWS)
def test_each_state_counts_as_the_table_says(state: str, score: str, level: str, gate: str) -> None:
    effect = EFFECTS[State(state)]

    in_sum, earns = {"earned": (True, True), "lost": (True, False), "out": (False, False)}[score]
    assert (effect.in_sum, effect.earns) == (in_sum, earns)
    assert (effect.level, effect.gate) == (level, gate)


def test_the_table_has_every_state() -> None:
    assert [State(row[0]) for row in ROWS] == list(State)
    assert set(EFFECTS) == set(State)


def test_severities_weigh_8_4_2_1() -> None:
    assert {severity.value: severity.weight for severity in Severity} == {
        "C": 8,
        "H": 4,
        "M": 2,
        "L": 1,
    }
    assert Severity.C.at_least(Severity.H)
    assert Severity.H.at_least(Severity.H)
    assert not Severity.M.at_least(Severity.H)
