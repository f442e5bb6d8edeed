"""SY: canaries of AWS Synthetics, read from their Terraform."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.synthetics import (
    alarms,
    buckets,
    code,
    roles,
    running,
    variables,
)

CHECKS = (
    running.supported_runtime,
    code.has_code,
    running.started,
    alarms.alarmed,
    running.often,
    running.ends_in_time,
    roles.narrow_role,
    buckets.own_bucket,
    code.code_fits,
    variables.no_secrets,
)
