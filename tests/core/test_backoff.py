from __future__ import annotations

import pytest

from flagstone.core.backoff import backoff


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 5), (1, 5), (2, 10), (5, 80), (8, 600), (60, 600)]
)
def test_waits_double_up_to_the_longest_and_differ_by_chance(attempts, seconds):
    waits = {backoff(attempts, first=5.0, longest=600.0) for _ in range(50)}
    assert all(seconds * 0.8 <= wait <= seconds * 1.2 for wait in waits)
    assert len(waits) > 1
