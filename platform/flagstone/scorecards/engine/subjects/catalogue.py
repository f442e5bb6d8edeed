"""The components that catalog-info.yaml files declare: which services a repository has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.plain_objects import objects_in

_FILE_NAMES = ("catalog-info.yaml", "catalog-info.yml")
_NOT_RUNNING = frozenset({"library", "documentation", "template", "plugin", "package"})
KUBERNETES_ID = "backstage.io/kubernetes-id"


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """A Component entity and the folder of its file."""

    entity: Manifest
    folder: str

    @property
    def name(self) -> str:
        return self.entity.name

    @property
    def ref(self) -> str:
        return f"component:{self.entity.namespace or 'default'}/{self.name}".lower()

    @property
    def type(self) -> str:
        return str(self.entity.spec.get("type") or "")

    @property
    def runs(self) -> bool:
        """Whether it is something that runs, unlike a library."""
        return self.type not in _NOT_RUNNING

    @property
    def kubernetes_id(self) -> str:
        """The name by which workloads say that they are this component's."""
        return self.entity.annotations.get(KUBERNETES_ID, self.name)


def kubernetes_ids(workload: Manifest, pod_labels: dict[str, str]) -> set[str]:
    """The components that a workload may be part of: those it names, else the one of its name."""
    marks = (workload.labels, workload.annotations, pod_labels)
    named = {mark[KUBERNETES_ID] for mark in marks if KUBERNETES_ID in mark}
    return named or {workload.name, pod_labels.get("app.kubernetes.io/name", workload.name)}


def is_component(manifest: Manifest) -> bool:
    return manifest.kind == "Component" and manifest.group == "backstage.io"


def components(snapshot: Snapshot) -> Iterator[Component]:
    for path in sorted(snapshot.paths()):
        folder, _, name = path.rpartition("/")
        if name not in _FILE_NAMES:
            continue
        for entity in objects_in(snapshot, path):
            if (
                isinstance(entity, Manifest)
                and is_component(entity)
                and entity.name
                and "{" not in entity.name
            ):
                yield Component(entity, folder)
