"""CI: what runs before a change is merged, and what it may do."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.ci import (
    bounds,
    exemptions,
    expressions,
    guardrails,
    reviews,
    rights,
    sizes,
)

CHECKS = (
    sizes.measured,
    exemptions.limited,
    reviews.promised,
    rights.least,
    guardrails.rendered,
    expressions.trusted,
    bounds.bounded,
    reviews.branch_age,
)
