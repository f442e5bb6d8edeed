"""Looks at a jail from outside while its code runs: at the clock, and at the memory of all its processes together.

The kernel bounds each process for itself; that they are many makes the sum large. A control group would hold the sum,
but a worker seldom has one that it may divide.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import psutil

from flagstone.scaffolding.engine.jobs import Limits
from flagstone.scaffolding.errors import LimitExceeded


@dataclass(slots=True)
class JailWatch:
    """Ends with an exception what takes too long or too much.

    Args:
        pid: The process that all others of the jail descend from.
        limits: What a run may take.
        label: How errors call the layer.
    """

    pid: int
    limits: Limits
    label: str
    pause: float = 0.1
    _end: float = field(init=False)
    _next_look: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.limits.wall_seconds

    def require_within_limits(self) -> None:
        """Look again, if it is time to.

        Raises:
            LimitExceeded: With the limit that was reached.
        """
        now = time.monotonic()
        if now >= self._end:
            raise LimitExceeded(
                f"takes longer than {self.limits.wall_seconds} seconds", file=self.label
            )
        if now >= self._next_look:
            self._next_look = now + self.pause
            if memory_below(self.pid) > self.limits.memory_bytes_together:
                raise LimitExceeded("needs more memory than a run may have", file=self.label)


def memory_below(pid: int) -> int:
    """Return the bytes that the descendants of a process hold; what several share is divided among them."""
    try:
        processes = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return 0
    return sum(map(_held_by, processes))


def _held_by(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
    except psutil.AccessDenied:
        # the kernel tells less of a process that is none of ours: then all that it has is counted as its own
        try:
            return int(process.memory_info().rss)
        except psutil.Error:
            return 0
