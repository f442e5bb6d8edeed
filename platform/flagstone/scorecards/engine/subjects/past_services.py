"""The services that were there before a change: found, not judged."""

from __future__ import annotations

from datetime import datetime

from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.reporting.narrowing import PastService
from flagstone.scorecards.engine.subjects.grouping import find_services
from flagstone.scorecards.engine.subjects.judged_files import judged_files
from flagstone.scorecards.engine.surroundings import Surroundings


def past_services(
    snapshot: Snapshot, policies: PolicySet, *, now: datetime
) -> tuple[PastService, ...]:
    """Return what an evaluation of the snapshot would judge, and from which files."""
    surroundings = Surroundings(snapshot, policies, now)
    return tuple(
        PastService(service.name, service.ref, service.folder, judged_files(service))
        for service in find_services(surroundings)
    )
