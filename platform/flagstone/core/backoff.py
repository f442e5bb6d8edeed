"""How long to wait before another attempt."""

from __future__ import annotations

import random


def backoff(attempts: int, *, first: float, longest: float) -> float:
    """Return seconds that double with each attempt; a fifth more or less is chance, so that not all come at once.

    Args:
        attempts: How many there were.
        first: Seconds after the first one.
        longest: Seconds that are never passed by more than that fifth.
    """
    wait: float = min(first * 2 ** max(attempts - 1, 0), longest)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 - nothing secret
