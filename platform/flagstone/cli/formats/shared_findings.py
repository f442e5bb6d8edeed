"""Findings of what several services share: told in full at the first of them, and named at the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flagstone.scorecards.engine.reporting.report import CheckReport, Finding, ServiceReport
from flagstone.scorecards.engine.states import State

TOLD = (State.FAIL, State.WARN)
_Key = tuple[str, Finding]


class SharedFindings:
    """Those of a report.

    Args:
        groups: services of which the same is said, in the order in which they are told.
    """

    def __init__(self, groups: Iterable[Sequence[ServiceReport]] = ()) -> None:
        self._group_of: dict[str, int] = {}
        self._services: dict[_Key, list[ServiceReport]] = {}
        for number, group in enumerate(groups):
            for service in group:
                self._group_of[service.ref] = number
                for check in service.in_state(*TOLD):
                    for finding in check.findings:
                        self._services.setdefault((check.id, finding), []).append(service)

    def first(self, service: ServiceReport, check: CheckReport, finding: Finding) -> str:
        """The ref of the service where it was told already; "" if that is here."""
        having = self._services.get((check.id, finding), [])
        own = self._group_of.get(service.ref)
        return having[0].ref if having and self._group_of[having[0].ref] != own else ""

    def others(
        self, service: ServiceReport, check: CheckReport, finding: Finding
    ) -> tuple[str, ...]:
        """The refs of the services further down that have it as well."""
        own = self._group_of.get(service.ref)
        having = self._services.get((check.id, finding), [])
        return tuple(other.ref for other in having if self._group_of[other.ref] != own)
