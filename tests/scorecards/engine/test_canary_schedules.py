"""How often a canary runs."""

from __future__ import annotations

import pytest

from flagstone.scorecards.engine.synthetics.canary_schedules import Schedule, read_schedule


@pytest.mark.parametrize(
    ("expression", "least", "most"),
    [
        ("rate(1 minute)", 1, 1),
        ("rate(5 minutes)", 5, 5),
        ("rate(1 hour)", 60, 60),
        ("rate(0 minute)", 0, 0),
        ("cron(* * * * ? *)", 1, 1),
        ("cron(*/5 * * * ? *)", 5, 5),
        ("cron(0/15 * ? * * *)", 15, 15),
        ("cron(0,10 * * * ? *)", 10, 50),
        ("cron(0-3 * * * ? *)", 1, 57),
        ("cron(*/7 * * * ? *)", 4, 7),
        ("cron(30 8-17 * * ? *)", 60, 900),
        ("cron(*/5 * ? * MON-FRI *)", 5, 2880),
    ],
)
def test_minutes_between_two_runs(expression: str, least: int, most: int) -> None:
    assert read_schedule(expression) == Schedule(least, most)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "1 minute",
        "rate(1)",
        "rate(-1 minute)",
        "cron(* * * * *)",
        "cron(61 * * * ? *)",
        "cron(*/0 * * * ? *)",
        "cron(5-1 * * * ? *)",
        "cron(x * * * ? *)",
        "cron(" + "*/" * 9999 + ")",
    ],
)
def test_what_is_no_schedule(expression: str) -> None:
    assert read_schedule(expression) is None
