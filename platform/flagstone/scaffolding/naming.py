"""Whether a service's name is free, and who holds it when it is not."""

from __future__ import annotations

from flagstone.catalog.selectors import name_is_taken
from flagstone.forge.models import Repository
from flagstone.forge.selectors import existing_paths
from flagstone.scaffolding.errors import NameTaken
from flagstone.scaffolding.models import ScaffoldRun
from flagstone.scaffolding.surroundings import Surroundings

NAMESPACE = "default"


def service_ref(name: str) -> str:
    """Return what the catalogue calls a service of that name."""
    return f"component:{NAMESPACE}/{name}".lower()


def require_free_name(
    name: str, surroundings: Surroundings, *, makes_repository: bool = True
) -> None:
    """Raise unless nobody holds the name.

    Args:
        name: Of the service.
        surroundings: Where it would live.
        makes_repository: Whether its repository is made, and must not be there yet.

    Raises:
        NameTaken: Naming who or what holds it.
        ForgeError: The GitOps repository cannot be read.
    """
    holder = name_holder(name, surroundings, makes_repository=makes_repository)
    if holder:
        raise name_taken(name, holder)


def name_taken(name: str, holder: str) -> NameTaken:
    return NameTaken(
        f"The name '{name}' is taken: {holder}. Choose another name.", name=name, holder=holder
    )


def name_holder(name: str, surroundings: Surroundings, *, makes_repository: bool = True) -> str:
    """Say who or what holds a service's name, cheapest question first; '' when it is free."""
    return (
        known_holder(name, surroundings.service_repository if makes_repository else "")
        or running_holder(name)
        or _folder_holder(name, surroundings.gitops)
    )


def known_holder(name: str, repository_name: str) -> str:
    """Ask the catalogue and, for a repository that is to be made, the list of repositories."""
    entity = name_is_taken("Component", NAMESPACE, name)
    if entity is not None:
        owner = f" of {entity.owner_ref}" if entity.owner_ref else ""
        return f"the catalogue has {entity.ref}{owner}"
    repository = Repository.objects.named(repository_name).first() if repository_name else None
    return f"there is a repository {repository.full_name}" if repository else ""


def running_holder(name: str) -> str:
    """Ask for another run that is under way."""
    run = ScaffoldRun.objects.holding_a_name().named(name).select_related("requested_by").first()
    if run is None:
        return ""
    return (
        f"{run.requested_by.display_name} is creating {run.service_name} "
        f"({run.get_state_display().lower()}, begun {run.created_at:%Y-%m-%d %H:%M} UTC)"
    )


def _folder_holder(name: str, gitops: Repository) -> str:
    folder = f"services/{name}"
    return f"{gitops.full_name} has a folder {folder}" if existing_paths(gitops, [folder]) else ""
