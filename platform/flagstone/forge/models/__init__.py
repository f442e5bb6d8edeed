"""Code hosts, their repositories, everybody's pull requests, and the changes that Flagstone ships."""

from flagstone.forge.models.change_requests import ChangedFile, ChangeRequest, ChangeState
from flagstone.forge.models.code_hosts import (
    CodeHost,
    HostAccount,
    HostKind,
    HostSecret,
    SecretPurpose,
)
from flagstone.forge.models.pull_requests import PullRequest
from flagstone.forge.models.repositories import Repository, RepositoryRole
from flagstone.forge.models.webhooks import DeliveryState, WebhookDelivery

__all__ = [
    "ChangeRequest",
    "ChangeState",
    "ChangedFile",
    "CodeHost",
    "DeliveryState",
    "HostAccount",
    "HostKind",
    "HostSecret",
    "PullRequest",
    "Repository",
    "RepositoryRole",
    "SecretPurpose",
    "WebhookDelivery",
]
