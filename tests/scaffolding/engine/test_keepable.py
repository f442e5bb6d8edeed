from __future__ import annotations

import pytest

from flagstone.scaffolding.engine.keepable import keeping_fault


def nested(depth):
    value = 1
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"a": [1, 2.5, None, True, "é😀\n"]}, ""),
        (nested(20), ""),
        (nested(21), "is nested deeper than 20"),
        (nested(100_000), "is nested deeper than 20"),
        (["a\0b"], "holds the character NUL, which no text may have"),
        ({"a\0": 1}, "holds the character NUL, which no text may have"),
        ({"a": "\udc80"}, "holds half of a character (a lone surrogate)"),
        ([float("nan")], "holds a number that JSON does not have (NaN or infinity)"),
        ((float("-inf"),), "holds a number that JSON does not have (NaN or infinity)"),
    ],
)
def test_what_a_database_can_keep(value, fault):
    assert keeping_fault(value) == fault
