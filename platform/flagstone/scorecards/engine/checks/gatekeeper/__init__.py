"""GK: the Gatekeeper policies that lie in the repository: do they guard what they seem to guard?"""

from __future__ import annotations

from flagstone.scorecards.engine.checks.gatekeeper import (
    constraints,
    templates,
)

CHECKS = (
    templates.exists,
    templates.schema,
    constraints.version,
    constraints.enforced,
    templates.program,
)
