"""RB and CH: runbooks and drills."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.operations import (
    drill_runs,
    drills,
    incidents,
    runbooks,
)

CHECKS = (
    runbooks.exists,
    runbooks.rollback,
    runbooks.drilled,
    incidents.escalation,
    incidents.aborts_are_told,
    incidents.measured_rollbacks,
    drills.same_policy,
    drills.real_failures,
    drills.asserts,
    drill_runs.run_lately,
    drills.sees_ejections,
)
