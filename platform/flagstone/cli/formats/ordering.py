"""The order in which people read a report."""

from __future__ import annotations

from collections.abc import Iterable

from flagstone.scorecards.engine.report import ServiceReport


def worst_first(services: Iterable[ServiceReport]) -> list[ServiceReport]:
    """The lowest score first; services that nothing applies to at the end."""
    return sorted(services, key=lambda s: (s.score is None, s.score, s.name, s.ref))
