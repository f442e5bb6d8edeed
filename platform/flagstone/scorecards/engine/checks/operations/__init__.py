"""RB and CH: runbooks and drills."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.operations import (
    runbooks,
)

CHECKS = (
    runbooks.exists,
    runbooks.rollback,
    runbooks.drilled,
)
