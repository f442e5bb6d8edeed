"""Conditions of an AnalysisTemplate: what a measurement makes of an answer."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest

from flagstone.scorecards.engine.analysis.condition_reader import NotUnderstoodError
from flagstone.scorecards.engine.analysis.conditions import (
    Phase,
    error,
    numbers,
    phase,
    words,
)

S, F, I, E = Phase.SUCCESSFUL, Phase.FAILED, Phase.INCONCLUSIVE, Phase.ERROR  # noqa: E741
BOTH = (
    "len(result) > 0 && !isNaN(result[0]) && result[0] >= 0.99",
    "len(result) > 0 && !isNaN(result[0]) && result[0] < 0.99",
)


@pytest.mark.parametrize(
    ("success", "failure", "answer", "found"),
    [
        ("result[0] >= 0.95", "", [0.99], S),
        ("result[0] >= 0.95", "", [0.9], F),
        ("result[0] >= 0.95", "", [], E),
        ("result[0] >= 0.95", "", [nan], F),
        ("", "result[0] < 0.95", [nan], S),
        (*BOTH, [0.995], S),
        (*BOTH, [0.5], F),
        (*BOTH, [], I),
        (*BOTH, [nan], I),
        ("result[0] >= 50", "false", [3.0], I),
        ("", "", [0.0], F),
        ("result >= 0.95", "", [0.99], E),
        ("result >= 0.95", "", 0.99, S),
        ("default(result, 0) < 0.05", "", None, S),
        ("result < 0.05", "", None, E),
        ("result == nil || result < 0.05", "", None, S),
        ("all(result, {# < 0.5})", "", [0.1, 0.2], S),
        ("all(result, # < 0.5)", "", [0.1, 0.7], F),
        ("all(result[0].Values, {# <= 0.01})", "", [{"Values": []}], S),
        ("result[0].Values[0] <= 0.01", "", [{"Values": []}], E),
        ("any(result, {.value > 2})", "", [{"value": 3.0}], S),
        ("len(filter(result, # > 1)) == 2", "", [1.0, 2.0, 3.0], S),
        ("result[0] in [1, 2] and not (result[0] == 2)", "", [1.0], S),
        ("result[0] not in [1, 2]", "", [1.0], F),
        ("len(result) == 0 ? true : result[0] * 100 / 2 + 1 >= 1.5e1", "", [0.3], S),
        ("(result[0] ?? 0) < 1", "", [None], S),
        ("asFloat(result[0]) < 1", "", ["0.5"], S),
        ("asFloat(result[0]) < 1", "", ["many"], E),
        ("-result[0] < -1 && abs(result[0]) > 1", "", [2.0], S),
        ('result.status == "ok"', "", {"status": "ok"}, S),
        ("result.data.ok", "", {"data": None}, E),
        ("mean(result) < 2 && max(result) == 2 && min(1, 2) == 1", "", [1.0, 2.0], S),
        ("max(result) < 2", "", [], E),
        ("len(result)", "", [1.0], E),
    ],
)
def test_a_measurement(success: str, failure: str, answer: Any, found: Phase) -> None:
    if not success and not failure:
        assert phase("true", "", answer) is S
    else:
        assert phase(success, failure, answer) is found


@pytest.mark.parametrize(
    "text",
    [
        "result matches 'a.*'",
        "f(result)",
        "result[0] >=",
        "result[0] > 1 2",
        "(" * 500,
        "!" * 500,
        "let x = 1; x",
        "other > 1",
        "result[0] > 1" + " && true" * 1000,
        "all(result, {# > 1)",
        "@",
        "",
    ],
)
def test_what_is_not_read_is_said_and_not_guessed(text: str) -> None:
    with pytest.raises(NotUnderstoodError):
        phase(text or " ", "", [1.0])


def test_why_there_is_no_value() -> None:
    assert error("result[0] > 1", []) == "index 0 is out of range: there are 0 elements"
    assert error("result > 1", [1.0]) == "a list cannot be compared with a value"
    assert error("result[0] > 1", [1.0]) == ""


def test_names_and_numbers_are_those_outside_of_texts() -> None:
    assert words("'result' == \"1\" && len(result) > 2") == {"len", "result"}
    assert words("'result' == 'x'") == frozenset()
    assert numbers("result[0] >= 0.95 && '7' != '8'") == (0.0, 0.95)
