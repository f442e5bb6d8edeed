"""Objectives as people write them, in a runbook or an annotation."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.scorecards.engine.alert_scenarios.objectives import written


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("99.9%", [("", 0.999)]),
        ("0.999", [("", 0.999)]),
        (99.5, [("", 0.995)]),
        ("checkout-availability 99.9% over 30 days", [("checkout-availability", 0.999)]),
        ("99.95 % availability", [("availability", 0.9995)]),
        (
            "availability: 99.9%; latency: 95% below 300 ms",
            [("availability", 0.999), ("latency", 0.95)],
        ),
        (["availability 99.9%", "latency 95%"], [("availability", 0.999), ("latency", 0.95)]),
        ({"availability": "99.9%", "latency": 95}, [("availability", 0.999), ("latency", 0.95)]),
        ("at most 0.1% errors", []),
        ("100%", []),
        ("v1.99.9%", []),
        ("https://slo.example.com/checkout", []),
        ("30 days", []),
        ("", []),
        (None, []),
        (True, []),
        ([None, {"a": "99%"}], []),
    ],
)
def test_shares_are_read_with_the_word_beside_them(
    value: Any, found: list[tuple[str, float]]
) -> None:
    objectives = list(written(value, "runbook.md"))

    assert [(one.name, round(one.share, 9)) for one in objectives] == found
    assert {one.source for one in objectives} <= {"runbook.md"}
