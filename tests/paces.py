"""A pace for tests that are not about paces."""

from __future__ import annotations

from collections.abc import Mapping


class Unhurried:
    """Lets everything go, and notes what it is told."""

    def __init__(self) -> None:
        self.sent: list[bool] = []
        self.paused: list[float] = []

    def before(self, *, is_write: bool) -> None:
        self.sent.append(is_write)

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Nothing to keep."""
