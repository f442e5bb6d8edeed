"""What runs: probes, resources, size, rights, images, shutdown."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.pods import (
    autoscaling,
    disruptions,
    hardening,
    images,
    probes,
    resources,
    restricted,
    shutdown,
    spread,
)

CHECKS = (
    probes.readiness,
    probes.liveness,
    probes.slow_start,
    probes.different_questions,
    probes.ports,
    probes.timing,
    resources.requests_and_limits,
    resources.limits_cover_requests,
    resources.no_overcommit,
    autoscaling.scales_the_workload,
    autoscaling.bounds,
    autoscaling.utilisation,
    disruptions.one_budget,
    disruptions.allows_a_disruption,
    disruptions.two_pods,
    restricted.restricted,
    hardening.read_only,
    hardening.off_the_host,
    hardening.no_token,
    images.pinned,
    spread.over_zones,
    shutdown.grace,
)
