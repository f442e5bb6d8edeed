"""PR, SM and DB: alerts, what is scraped for them, and what people look at."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.observability import (
    alerts,
    burn_alerts,
    burn_scenarios,
    monitors,
)

CHECKS = (
    alerts.accepted,
    burn_scenarios.quiet_in_health,
    burn_scenarios.pages_in_an_outage,
    burn_scenarios.quiet_after_a_blip,
    burn_scenarios.tickets_for_a_slow_burn,
    burn_scenarios.silence_is_an_alert,
    burn_alerts.two_windows,
    alerts.routed_with_runbook,
    monitors.finds_the_metrics,
)
