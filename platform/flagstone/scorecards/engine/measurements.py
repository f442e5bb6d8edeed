"""What was measured of a service while it ran: facts that no file holds, handed in by who has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Health(StrEnum):
    """What became of a service after its rollback was merged."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    WAITING = "waiting"
    NOT_REPORTED = "not reported"


@dataclass(frozen=True, slots=True)
class MeasuredRollback:
    """One rollback; `healthy_at` is when somebody called the service healthy."""

    merged_at: datetime
    health: Health
    healthy_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Measurements:
    """What is known of one service; rollbacks in any order, of any age."""

    rollbacks: tuple[MeasuredRollback, ...] = ()
