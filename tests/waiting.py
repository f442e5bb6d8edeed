"""Waiting for what comes true sooner or later: patient, for a machine that others keep busy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

PATIENCE = 60.0


def tries(seconds: float = PATIENCE, *, every: float = 0.02) -> Iterator[None]:
    """Yield again and again until the time is over; whoever looks leaves when it is as it should be."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(every)


def comes_true(
    condition: Callable[[], object], seconds: float = PATIENCE, *, every: float = 0.02
) -> bool:
    return any(condition() for _ in tries(seconds, every=every))
