"""Where a run takes place: the GitOps repository, the service's own, and what expressions may know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict
from flagstone.forge.connections import connect
from flagstone.forge.models import CodeHost, Repository
from flagstone.scaffolding.argocd import argocd_address_of
from flagstone.scaffolding.engine.plans import PullRequestPlan, RepositoryPlan


class HostUnknown(Conflict):
    """A template wants a code host that is not configured here."""

    default_code = "scaffold.host_unknown"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The repositories of one service that is to be."""

    gitops: Repository
    service_repository: str

    def environment(self) -> dict[str, str]:
        """Return what template.yaml reads as `environment.parameters`."""
        forge = connect(self.gitops.host)
        address = argocd_address_of(self.gitops)
        return {
            **({"argocdRepoUrl": address} if address else {}),
            "flagstoneUrl": settings.FLAGSTONE_URL,
            "gitopsBranch": self.gitops.default_branch,
            "gitopsRepository": self.gitops.full_name,
            "gitopsUrl": forge.git_remote(self.gitops.full_name).url,
            "serviceRepository": self.service_repository,
            "serviceUrl": forge.git_remote(self.service_repository).url,
        }

    def home_of(self, plan: RepositoryPlan) -> tuple[CodeHost, str]:
        """Return the code host and the `owner/name` that a repository shall have.

        Raises:
            HostUnknown: The host is not configured.
        """
        host = host_called(plan.host) if plan.host else self.gitops.host
        return host, f"{plan.owner or self.gitops.owner}/{plan.name}"

    def target_of(self, plan: PullRequestPlan) -> Repository:
        """Return the repository that a pull request goes to.

        Raises:
            HostUnknown: The host is not configured.
            Conflict: Flagstone does not know the repository.
        """
        if not plan.repository:
            return self.gitops
        host = host_called(plan.host)
        found = Repository.objects.named(plan.repository).filter(host=host).first()
        if found is None:
            raise Conflict(
                f"The template opens a pull request in {plan.repository} on {host}, which Flagstone does not know. "
                "Ask the platform team to register that repository.",
                code="scaffold.repository_unknown",
            )
        return found

    def foretell(self, plan: RepositoryPlan) -> dict[str, str]:
        """Return what making a repository will give to the steps after it."""
        host, full_name = self.home_of(plan)
        return {
            "repository": full_name,
            "remoteUrl": connect(host).git_remote(full_name).url,
            "repoContentsUrl": f"{settings.FLAGSTONE_URL}/files/{full_name}",
        }


def surroundings_of(
    service_name: str, *, gitops: Repository | None = None, repository: str = ""
) -> Surroundings:
    """Return where a service would live.

    Args:
        service_name: Its name.
        gitops: The GitOps repository; the first that was registered without one.
        repository: What its own is to be called, `owner/name`; beside the GitOps repository without one.
    """
    gitops = gitops or gitops_repository()
    return Surroundings(gitops, repository or f"{gitops.owner}/{service_name}")


def host_called(name: str) -> CodeHost:
    """Return the code host that a template means.

    Raises:
        HostUnknown: None is called so.
    """
    found = CodeHost.objects.filter(name__iexact=name).first()
    if found is None:
        known = ", ".join(CodeHost.objects.values_list("name", flat=True)) or "none"
        raise HostUnknown(
            f"The code host {name} is not configured here; configured: {known}. "
            "Ask the platform team to add it, or choose another one if the template allows that.",
            host=name,
        )
    return found


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
