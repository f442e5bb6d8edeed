"""The order in which people read a report."""

from __future__ import annotations

from collections.abc import Iterable

from flagstone.scorecards.engine.reporting.report import ServiceReport
from flagstone.scorecards.engine.states import State


def worst_first(services: Iterable[ServiceReport]) -> list[ServiceReport]:
    """What fails most severely first, then by score; services that nothing is known of come after."""
    return sorted(services, key=lambda s: (-_worst(s), s.score is None, s.score, s.name, s.ref))


def _worst(service: ServiceReport) -> int:
    """The weight of the gravest failure that is not known already."""
    failing = (check for check in service.in_state(State.FAIL) if not check.is_known)
    return max((check.severity.weight for check in failing), default=0)
