"""AC: what Argo CD deploys, and how."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.argocd import (
    app_projects,
    application_sets,
    applications,
    notifications,
    project_rights,
    sources,
    syncing,
)

CHECKS = (
    app_projects.project,
    applications.automated,
    applications.leaves_canaries_alone,
    applications.lists_are_applied,
    applications.replicas_are_left_out,
    applications.namespace_in_mesh,
    sources.revisions,
    sources.one_source,
    syncing.finalizer,
    notifications.notifications,
    syncing.retry,
    application_sets.application_set,
    project_rights.rights,
    project_rights.freezes,
    syncing.sync_options,
)
