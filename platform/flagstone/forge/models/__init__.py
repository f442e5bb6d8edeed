"""Code hosts, their repositories, everybody's pull requests, and the changes that Flagstone ships."""

from flagstone.forge.models.change_requests import ChangedFile, ChangeRequest, ChangeState
from flagstone.forge.models.pull_requests import PullRequest
from flagstone.forge.models.repositories import CodeHost, HostKind, Repository, RepositoryRole

__all__ = [
    "ChangeRequest",
    "ChangeState",
    "ChangedFile",
    "CodeHost",
    "HostKind",
    "PullRequest",
    "Repository",
    "RepositoryRole",
]
