"""GK: the Gatekeeper policies that lie in the repository: do they guard what they seem to guard?"""

from __future__ import annotations

from flagstone.scorecards.engine.checks.gatekeeper import (
    behaviour,
    constraints,
    coverage,
    namespaces,
    templates,
)

CHECKS = (
    templates.exists,
    templates.schema,
    constraints.version,
    coverage.workloads,
    constraints.enforced,
    behaviour.behaves,
    namespaces.namespaces,
    templates.program,
    coverage.traffic,
)
