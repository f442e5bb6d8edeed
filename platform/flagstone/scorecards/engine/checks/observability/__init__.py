"""PR, SM and DB: alerts, what is scraped for them, and what people look at."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.observability import (
    alerts,
    burn_alerts,
    monitors,
)

CHECKS = (
    alerts.accepted,
    burn_alerts.two_windows,
    alerts.routed_with_runbook,
    monitors.finds_the_metrics,
)
