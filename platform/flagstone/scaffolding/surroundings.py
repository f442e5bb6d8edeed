"""Where a run takes place: the GitOps repository, the service's own, and what expressions may know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict
from flagstone.forge.connections import connect
from flagstone.forge.models import Repository


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The repositories of one service that is to be."""

    gitops: Repository
    service_repository: str

    def environment(self) -> dict[str, str]:
        """Return what template.yaml reads as `environment.parameters`."""
        forge = connect(self.gitops.host)
        return {
            "flagstoneUrl": settings.FLAGSTONE_URL,
            "gitopsBranch": self.gitops.default_branch,
            "gitopsRepository": self.gitops.full_name,
            "gitopsUrl": forge.git_remote(self.gitops.full_name).url,
            "serviceRepository": self.service_repository,
            "serviceUrl": forge.git_remote(self.service_repository).url,
        }


def surroundings_of(service_name: str, *, gitops: Repository | None = None) -> Surroundings:
    """Return where a service of that name would live: beside the GitOps repository, of the same owner."""
    gitops = gitops or gitops_repository()
    return Surroundings(gitops, f"{gitops.owner}/{service_name}")


def gitops_repository() -> Repository:
    """Return the GitOps repository that new services go into: the first that was registered.

    Raises:
        Conflict: There is none.
    """
    found = Repository.objects.gitops().select_related("host").order_by("created_at", "pk").first()
    if found is None:
        raise Conflict(
            "There is no GitOps repository yet, so a new service has nowhere to go. "
            "Ask the platform team to register one with the role 'GitOps'.",
            code="scaffold.no_gitops_repository",
        )
    return found


def described(user: User) -> dict[str, Any]:
    """Return what template.yaml reads as `user`."""
    ref = user.entity_ref or f"user:default/{user.username}"
    name = ref.rpartition("/")[2]
    return {"ref": ref, "entity": {"metadata": {"name": name}}}
