"""The slow work of the forge, done by workers; each part can be repeated and goes on where it was."""

from flagstone.forge.pipeline.backfilling import Backfill, Read
from flagstone.forge.pipeline.changes import record_change
from flagstone.forge.pipeline.delivering import (
    claim_lost_deliveries,
    forget_deliveries,
    work_delivery,
)
from flagstone.forge.pipeline.merging import merge
from flagstone.forge.pipeline.opening import look_for_pull_request
from flagstone.forge.pipeline.provisioning import provision_repository, register_existing
from flagstone.forge.pipeline.pull_requests import record_pull_request, refresh_pull_request
from flagstone.forge.pipeline.shipping import ship
from flagstone.forge.pipeline.sweeping import claim_stuck_changes
from flagstone.forge.pipeline.syncing import claim_due_repositories, sync_repository
from flagstone.forge.pipeline.withdrawing import Withdrawal, withdraw_change, withdraw_repository

__all__ = [
    "Backfill",
    "Read",
    "Withdrawal",
    "claim_due_repositories",
    "claim_lost_deliveries",
    "claim_stuck_changes",
    "forget_deliveries",
    "look_for_pull_request",
    "merge",
    "provision_repository",
    "record_change",
    "record_pull_request",
    "refresh_pull_request",
    "register_existing",
    "ship",
    "sync_repository",
    "withdraw_change",
    "withdraw_repository",
    "work_delivery",
]
