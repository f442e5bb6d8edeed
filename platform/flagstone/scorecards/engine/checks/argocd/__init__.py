"""AC: what Argo CD deploys, and how."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.argocd import (
    app_projects,
    applications,
)

CHECKS = (
    app_projects.project,
    applications.automated,
    applications.leaves_canaries_alone,
    applications.lists_are_applied,
    applications.replicas_are_left_out,
    applications.namespace_in_mesh,
)
