"""The checks, in the order in which people read them."""

from __future__ import annotations

from flagstone.scorecards.engine.checks import (
    argocd,
    ci,
    flags,
    gatekeeper,
    mesh,
    observability,
    operations,
    pods,
    release,
    sources,
    synthetics,
)
from flagstone.scorecards.engine.registry import Registry

REGISTRY = Registry(
    [
        *sources.CHECKS,
        *pods.CHECKS,
        *release.CHECKS,
        *mesh.CHECKS,
        *observability.CHECKS,
        *synthetics.CHECKS,
        *argocd.CHECKS,
        *gatekeeper.CHECKS,
        *operations.CHECKS,
        *ci.CHECKS,
        *flags.CHECKS,
    ]
)
