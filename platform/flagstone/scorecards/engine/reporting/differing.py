"""Which verdicts of a service are others than they were."""

from __future__ import annotations

from flagstone.scorecards.engine.reporting.fingerprints import fingerprints
from flagstone.scorecards.engine.reporting.report import CheckReport, ServiceReport
from flagstone.scorecards.engine.states import State

_QUIET = (State.PASS, State.NOT_APPLICABLE)


def differing(now: ServiceReport, then: ServiceReport | None) -> tuple[str, ...]:
    """Return the ids of the checks with another state, severity or other findings than before.

    A check that was not asked before, because its policy or the service is new, differs if it has
    something to say.

    Args:
        now: the service as it is.
        then: the same service as it was; None if it was not there.
    """
    before = {check.id: check for check in then.checks} if then else {}
    return tuple(check.id for check in now.checks if _differs(check, before.get(check.id)))


def _differs(now: CheckReport, then: CheckReport | None) -> bool:
    if then is None:
        return now.state not in _QUIET
    if (now.state, now.severity) != (then.state, then.severity):
        return True
    return now.findings != then.findings and set(fingerprints(now)) != set(fingerprints(then))
