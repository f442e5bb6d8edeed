"""PR, SM and DB: alerts, what is scraped for them, and what people look at."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.observability import (
    alerts,
    burn_alerts,
    burn_scenarios,
    burn_thresholds,
    dashboards,
    mesh_scraping,
    monitors,
    operator_selection,
    own_labels,
    rule_form,
    rule_tests,
    scraping,
)

CHECKS = (
    alerts.accepted,
    burn_scenarios.quiet_in_health,
    burn_scenarios.pages_in_an_outage,
    burn_scenarios.quiet_after_a_blip,
    burn_scenarios.tickets_for_a_slow_burn,
    burn_scenarios.silence_is_an_alert,
    burn_alerts.two_windows,
    burn_thresholds.fit_the_objective,
    alerts.routed_with_runbook,
    operator_selection.rules_are_loaded,
    own_labels.own_labels,
    rule_tests.tested,
    rule_form.enough_samples,
    rule_form.recorded_names,
    monitors.finds_the_metrics,
    scraping.covers_the_namespace,
    scraping.has_the_hash,
    operator_selection.monitor_is_loaded,
    scraping.timeout_within_interval,
    mesh_scraping.scraped_through_mtls,
    dashboards.loads,
    dashboards.queries_parse,
    dashboards.shows_what_matters,
    dashboards.is_found,
)
