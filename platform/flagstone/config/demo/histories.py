"""What each service has been through. Who is not named here was made by the paved path and left as it is."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.config.demo.service_folder import Story
from flagstone.config.demo.stories import alerts, layouts, ownership, pods, releases, traffic
from flagstone.config.demo.vintages import (
    BARE_2022,
    CANARY_PILOT_2024,
    CHART,
    DEPLOYMENT_2023,
    MODEL_STORE,
    SCHEDULE,
    WEBSITE,
    WORKER,
    Vintage,
)


@dataclass(frozen=True, slots=True)
class History:
    """Where a service comes from (None: the paved path) and what happened since, in order."""

    origin: Vintage | None = None
    stories: tuple[Story, ...] = ()


HISTORIES = {
    # Two findings from gold: both are mechanical, and one pull request mends both.
    "checkout": History(
        stories=(
            releases.analysis_forgotten,
            traffic.retries_without_end,
        )
    ),
    "partner-gateway": History(
        stories=(
            traffic.fields_of_another_kind,
            traffic.tries_outlast_the_timeout,
            releases.half_of_everybody_first,
            pods.disruption_budget_lost,
            alerts.drill_long_ago,
        )
    ),
    "payment-webhooks": History(WORKER),
    "disputes": History(CANARY_PILOT_2024),
    "payee-directory": History(
        stories=(
            traffic.nothing_is_ever_ejected,
            alerts.front_matter_lost,
        )
    ),
    "swift-bridge": History(BARE_2022),
    "fx-settlement": History(
        stories=(
            alerts.runbook_never_written,
            releases.canary_weights_reset,
        )
    ),
    "quote": History(stories=(traffic.retries_of_writes,)),
    "fee-schedule": History(
        stories=(
            layouts.moved_to_kustomize,
            layouts.patch_replaced_the_container,
        )
    ),
    "reconciliation": History(WORKER),
    "ledger-export": History(SCHEDULE),
    "merchant-onboarding": History(
        stories=(
            pods.liveness_asks_the_database,
            alerts.runbook_says_undo,
        )
    ),
    "merchant-portal": History(WEBSITE),
    "kyb-checks": History(DEPLOYMENT_2023),
    "payout-schedule": History(SCHEDULE, (alerts.drill_long_ago,)),
    "sessions": History(
        stories=(
            pods.disruption_budget_blocks_drains,
            alerts.rules_do_not_parse,
        )
    ),
    "consent": History(
        stories=(
            releases.canary_by_counting_pods,
            releases.routes_frozen,
            releases.replicas_in_git,
            pods.one_pod_is_enough,
        )
    ),
    "statements": History(BARE_2022),
    "statement-archive": History(CHART),
    "interest-accrual": History(SCHEDULE, (releases.synced_by_hand,)),
    "notifications": History(
        stories=(
            pods.readiness_dropped,
            pods.memory_limit_dropped,
            alerts.one_window_only,
            alerts.monitor_looks_for_pods,
        )
    ),
    "push-gateway": History(DEPLOYMENT_2023),
    "mobile-bff": History(
        stories=(
            alerts.severity_that_nobody_routes,
            alerts.anchors_moved,
            traffic.retries_left_to_the_mesh,
            traffic.weights_left_behind,
        )
    ),
    "risk-scoring": History(
        stories=(
            pods.slow_start_forgotten,
            pods.latest_tag,
            pods.limit_below_request,
            traffic.timeout_dropped,
        )
    ),
    "feature-store": History(MODEL_STORE, (ownership.squad_dissolved,)),
    "fraud-alerts": History(
        stories=(
            releases.no_time_to_look,
            alerts.pages_when_healthy,
            traffic.circuit_breaker_removed,
            pods.runs_as_root,
        )
    ),
    "case-desk": History(DEPLOYMENT_2023, (ownership.never_registered,)),
    "transaction-monitoring": History(stories=(layouts.moved_to_kustomize,)),
    "regulatory-reports": History(SCHEDULE),
    "event-relay": History(
        stories=(
            pods.autoscaler_missed_the_move,
            pods.probe_port_renamed,
            traffic.canary_subset_renamed,
            traffic.limits_forgotten,
            releases.in_the_default_project,
            releases.namespace_without_the_mesh,
        )
    ),
    "warehouse-loader": History(CHART),
}
