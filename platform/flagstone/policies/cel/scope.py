"""What an expression is evaluated in: its variables, and how much it may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flagstone.policies.cel.errors import CelError

MOST_STEPS = 2_000_000

Locals = tuple[str, Any, "Locals"] | None  # the innermost first


class TooLong(CelError):
    """It does more than any policy needs."""


@dataclass(slots=True)
class Scope:
    """The variables of one evaluation; `steps` counts down over all its expressions."""

    variables: Mapping[str, Any]
    steps: int = field(default=MOST_STEPS)

    def step(self, count: int = 1) -> None:
        self.steps -= count
        if self.steps < 0:
            raise TooLong(f"it takes more than {MOST_STEPS:,} steps")
