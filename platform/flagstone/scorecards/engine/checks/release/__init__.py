"""RO and AT: how a new version comes to everybody."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.release import (
    analysis_conditions,
    analysis_deciding,
    analysis_measurements,
    analysis_named,
    analysis_queries,
    analysis_runs,
    analysis_scope,
    host_routing,
    rollout_settings,
    rollouts,
    routing,
)

CHECKS = (
    rollouts.is_rollout,
    rollouts.strategy,
    rollouts.steps,
    rollouts.pauses,
    analysis_named.analysis,
    analysis_runs.arguments,
    analysis_runs.lasts,
    rollouts.traffic_routing,
    routing.routes_exist,
    routing.weights_in_git,
    routing.subsets_exist,
    host_routing.two_services,
    rollout_settings.selects_its_pods,
    rollout_settings.size,
    rollout_settings.gives_up,
    rollout_settings.fast_revert,
    rollout_settings.two_canary_pods,
    rollout_settings.can_progress,
    analysis_deciding.judges,
    analysis_scope.asks_about_the_canary,
    analysis_queries.own_failures,
    analysis_conditions.without_data,
    analysis_scope.own_time,
    analysis_measurements.measures_often,
    analysis_conditions.needs_traffic,
    analysis_queries.parses,
    analysis_measurements.few_failures,
    analysis_measurements.safe_line,
)
