"""What Flagstone has measured of the services of a repository, for the checks that ask for it."""

from __future__ import annotations

from collections import defaultdict

from flagstone.delivery.models import Rollback, RollbackState
from flagstone.delivery.selectors import merged_rollbacks
from flagstone.scorecards.engine.measurements import Health, MeasuredRollback, Measurements

_HEALTH = {
    RollbackState.HEALTHY: Health.HEALTHY,
    RollbackState.UNHEALTHY: Health.UNHEALTHY,
    RollbackState.MERGED: Health.WAITING,
}


def measurements(repository_id: int) -> dict[str, Measurements]:
    """Return them by the services' references; a service without any is not there."""
    found: dict[str, list[MeasuredRollback]] = defaultdict(list)
    for rollback in merged_rollbacks(repository_id):
        if measured := _measured(rollback):
            found[rollback.entity_ref].append(measured)
    return {ref: Measurements(tuple(rollbacks)) for ref, rollbacks in found.items()}


def _measured(rollback: Rollback) -> MeasuredRollback | None:
    if rollback.merged_at is None:
        return None
    health = _HEALTH.get(RollbackState(rollback.state), Health.NOT_REPORTED)
    return MeasuredRollback(rollback.merged_at, health, rollback.healthy_at)
