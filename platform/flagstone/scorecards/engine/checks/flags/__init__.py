"""FF: feature flags, what declares them and the code that asks for them."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.flags import (
    code,
    declarations,
    delivery,
    lifetimes,
)

CHECKS = (
    code.neutral,
    declarations.sound,
    lifetimes.safe_default,
    lifetimes.owned,
    declarations.sticky,
    code.declared,
    declarations.schema,
    delivery.delivered,
    lifetimes.kill_switches,
)
