"""The slow work of scaffolding, done by workers; each step can be repeated, and a run goes on where it was."""

from flagstone.scaffolding.engine.rendering import remove_abandoned
from flagstone.scaffolding.pipeline.executing import execute
from flagstone.scaffolding.pipeline.sweeping import claim_stuck_runs

__all__ = ["claim_stuck_runs", "execute", "remove_abandoned"]
