"""Where a service stands in a GitOps repository: the folder beside its catalogue file, or the one of its name."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.catalog.models import Entity
from flagstone.core.errors import UserError
from flagstone.forge.models import Repository, RepositoryRole


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a GitOps repository; what changes in it changes the service."""

    repository: Repository
    folder: str


def place_of(service: Entity) -> Place | None:
    """Return the folder of a service; None where it has none that is known.

    A service whose catalogue file lies elsewhere has the folder `services/<name>`, as scaffolds write it, if there is
    just one GitOps repository to look in. Whether it is really there is seen when it is read.
    """
    if not service.is_service:
        return None
    repository = service.location.repository
    folder = service.source_path.rpartition("/")[0]
    if repository is not None and folder and repository.role == RepositoryRole.GITOPS:
        return Place(repository, folder)
    candidates = list(Repository.objects.gitops().ready().select_related("host")[:2])
    return Place(candidates[0], f"services/{service.name}") if len(candidates) == 1 else None


def require_place(service: Entity) -> Place:
    """Return the folder of a service.

    Raises:
        UserError: It has none that is known.
    """
    place = place_of(service)
    if place is None:
        raise UserError(
            f"{service.display_name} has no folder in a GitOps repository that Flagstone knows, so there is nothing "
            "to roll back. Put its catalogue file beside its manifests there.",
            code="delivery.no_gitops_folder",
        )
    return place
