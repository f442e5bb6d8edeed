"""What Flagstone has measured of the services of a repository, for the checks that ask for it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from flagstone.delivery.models import Rollback, RollbackState
from flagstone.delivery.selectors import merged_rollbacks
from flagstone.scorecards.engine.measurements import Health, MeasuredRollback, Measurements

_HEALTH = {
    RollbackState.HEALTHY: Health.HEALTHY,
    RollbackState.UNHEALTHY: Health.UNHEALTHY,
    RollbackState.MERGED: Health.WAITING,
}


def measurements(repository_id: int, as_of: datetime) -> dict[str, Measurements]:
    """Return what was known at a moment, by the services' references; one without any is not there."""
    found: dict[str, list[MeasuredRollback]] = defaultdict(list)
    for rollback in merged_rollbacks(repository_id):
        if measured := _measured(rollback, as_of):
            found[rollback.entity_ref].append(measured)
    return {ref: Measurements(tuple(rollbacks)) for ref, rollbacks in found.items()}


def _measured(rollback: Rollback, as_of: datetime) -> MeasuredRollback | None:
    if rollback.merged_at is None or rollback.merged_at > as_of:
        return None
    known_since = rollback.healthy_at or rollback.ended_at
    if known_since is not None and known_since > as_of:
        return MeasuredRollback(rollback.merged_at, Health.WAITING)
    health = _HEALTH.get(RollbackState(rollback.state), Health.NOT_REPORTED)
    return MeasuredRollback(rollback.merged_at, health, rollback.healthy_at)
