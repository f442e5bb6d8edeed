"""The GitOps repository: every service as its history left it, and what was committed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from flagstone.config.demo.histories import HISTORIES, History
from flagstone.config.demo.service_folder import ServiceFolder, tell
from flagstone.config.demo.services import OBJECTIVES, SERVICES, DemoService
from flagstone.config.demo.stories import ownership
from flagstone.config.demo.systems import SYSTEMS, System
from flagstone.config.demo.vintages import days_since_drill, digest, made_by_hand


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of `scaffolds/` to render: `gitops-repo`, `gitops-project` or `paved-path`."""

    name: str
    answers: Mapping[str, str]


class Render(Protocol):
    """Renders layers through the scaffolding engine, all in one go; paths lie below the repository's root."""

    def __call__(self, layers: Sequence[Layer]) -> Sequence[Mapping[str, bytes]]: ...


@dataclass(frozen=True, slots=True)
class Commit:
    """What somebody pushed to the default branch after the first commit."""

    author: str  # an entity reference
    message: str
    files: Mapping[str, bytes]


def gitops_files(render: Render, *, today: date) -> dict[str, bytes]:
    """Return the repository's first commit; `catalog-info.yaml` is the Location to register.

    Args:
        render: Called once.
        today: Drills are dated from it, so that the demo does not age.
    """
    origins = {service: _history(service).origin for service in SERVICES}
    bootstrap = [Layer("gitops-repo", {"name": "gitops"}), *map(_project, SYSTEMS.values())]
    paved = [paved_path(service, today) for service in SERVICES if origins[service] is None]
    rendered = iter(render([*bootstrap, *paved]))
    repository: dict[str, bytes] = {}
    for _ in bootstrap:
        repository |= next(rendered)
    for service, origin in origins.items():
        folder = (
            made_by_hand(service, origin, today) if origin else released(service, next(rendered))
        )
        tell(folder, _history(service).stories)
        repository |= folder.contents()
    repository["catalog-info.yaml"] = location(repository).encode()
    return dict(sorted(repository.items()))


def later_commits(gitops: Mapping[str, bytes]) -> list[Commit]:
    """Return what was pushed afterwards: a catalogue file that broke, so that its last good version counts."""
    sessions = ServiceFolder.of("sessions", gitops)
    ownership.conflict_committed(sessions)
    broken = sessions.path(ownership.ENTITY)
    return [
        Commit(
            "user:default/mateo",
            "Merge branch 'sessions-v2'",
            {broken: sessions.contents()[broken]},
        )
    ]


def paved_path(service: DemoService, today: date) -> Layer:
    """Return the paved path with the answers that the squad gave."""
    made = today - timedelta(days=days_since_drill(service))
    return Layer(
        "paved-path",
        {
            "name": service.name,
            "description": service.description,
            "owner": f"group:default/{service.squad}",
            "system": f"system:default/{service.system}",
            "tier": service.tier,
            "availability": OBJECTIVES[service.tier],
            "created": made.isoformat(),
        },
    )


def released(service: DemoService, rendered: Mapping[str, bytes]) -> ServiceFolder:
    """Return a paved service after its first own release, which replaced the bootstrap image."""
    folder = ServiceFolder.of(service.name, rendered)
    ownership.name_dependencies(folder, service.calls)
    image = rf"\1 {service.image}@{digest(service)}"
    folder.substitute("rollout.yaml", r"^( +image:) .*", image)
    return folder


def _history(service: DemoService) -> History:
    return HISTORIES.get(service.name, History())


def _project(system: System) -> Layer:
    squads = {service.squad for service in SERVICES if service.system == system.name}
    return Layer(
        "gitops-project",
        {"name": system.name, "description": system.purpose, "squads": " ".join(sorted(squads))},
    )


def location(files: Iterable[str]) -> str:
    """Return the catalogue file at the root, which leads to that of every service."""
    entities = sorted(path for path in files if path.endswith("/catalog-info.yaml"))
    targets = "".join(f"    - ./{path}\n" for path in entities)
    return f"""\
apiVersion: backstage.io/v1alpha1
kind: Location
metadata:
  name: services
  description: Every service that production runs
spec:
  targets:
{targets}"""
