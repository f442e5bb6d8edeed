"""Stories about the catalogue: who owns what, and what somebody said about it."""

from __future__ import annotations

from collections.abc import Iterable

from flagstone.config.demo.service_folder import ServiceFolder

ENTITY = "catalog-info.yaml"


def name_dependencies(folder: ServiceFolder, calls: Iterable[str]) -> None:
    """Everybody does this by hand: nothing but its squad knows what a service calls."""
    lines = "".join(f"    - component:default/{name}\n" for name in calls)
    if lines:
        bare = folder.read(ENTITY).replace("  dependsOn: []\n", "")
        folder.write(ENTITY, f"{bare}  dependsOn:\n{lines}")


def squad_dissolved(folder: ServiceFolder) -> None:
    """The squad went in the reorganisation of the spring; its services are still there."""
    folder.substitute(ENTITY, r"^  owner: .*", "  owner: group:default/ml-research")


def never_registered(folder: ServiceFolder) -> None:
    """Older than the catalogue; nobody remembers to look for it."""
    folder.remove(ENTITY)


def conflict_committed(folder: ServiceFolder) -> None:
    """A merge in the browser kept both sides and the marks between them."""
    folder.replace(
        ENTITY,
        "  lifecycle: production\n",
        "<<<<<<< HEAD\n  lifecycle: production\n=======\n  lifecycle: deprecated\n>>>>>>> sessions-v2\n",
    )
