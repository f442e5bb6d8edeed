"""How the kustomizations of a tree build on each other, and which of them can be rendered at all."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.objects import dig, mapping, sequence

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
GROUP = "kustomize.config.k8s.io"
_KINDS = {None, "Kustomization", "Component"}

# Fields that name files or folders, then those whose items name a file at a key.
_LISTS = (
    "resources", "bases", "components", "crds", "configurations", "generators", "transformers",
    "validators", "patchesStrategicMerge",
)  # fmt: skip
_ITEMS = ("patches", "patchesJson6902", "replacements")
_GENERATORS = ("configMapGenerator", "secretGenerator")
_CHARTS = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")


@dataclass(frozen=True, slots=True)
class Kustomization:
    """One kustomization: the folders it builds on, the files it reads, and what stands in its way."""

    folder: str
    path: str
    data: dict[str, Any]
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    obstacle: str | None = None

    @property
    def is_component(self) -> bool:
        return self.data.get("kind") == "Component"


@dataclass(frozen=True, slots=True)
class Closure:
    """Everything one rendering reads."""

    folder: str
    members: tuple[Kustomization, ...]
    obstacle: str | None

    @property
    def files(self) -> set[str]:
        return {file for member in self.members for file in (member.path, *member.files)}


def is_kustomization(path: str, value: Any) -> bool:
    """Whether a document is kustomize's own; Flux gives its objects the same file name and kind."""
    if not isinstance(value, dict) or path.rpartition("/")[2] not in FILE_NAMES:
        return False
    group = value.get("apiVersion", GROUP)
    return isinstance(group, str) and group.startswith(GROUP) and value.get("kind") in _KINDS


class Kustomizations:
    """The kustomizations of a tree."""

    def __init__(
        self, documents: Mapping[str, dict[str, Any] | None], paths: Collection[str]
    ) -> None:
        """Link the kustomizations.

        Args:
            documents: the content of each kustomization file by its path; None if it is broken.
            paths: every file of the tree.
        """
        self._paths = paths
        self._folders: dict[str, list[str]] = {}
        for path in sorted(documents):
            self._folders.setdefault(path.rpartition("/")[0], []).append(path)
        self._all = {
            folder: self._link(folder, paths, documents[paths[0]])
            for folder, paths in self._folders.items()
        }

    def renderings(self) -> list[Closure]:
        """What to render: each kustomization that no other one builds on, with all it reads."""
        referred = {inner for outer in self._all.values() for inner in outer.folders}
        closures = [self._closure(folder) for folder in self._all if folder not in referred]
        reached = {member.folder for closure in closures for member in closure.members}
        for folder in self._all:  # left over: those that build on each other in a circle
            if folder not in reached:
                closure = self._closure(folder)
                reached.update(member.folder for member in closure.members)
                closures.append(Closure(folder, closure.members, "it builds on itself in a circle"))
        return closures

    def _closure(self, folder: str) -> Closure:
        members: dict[str, Kustomization] = {}
        waiting = [folder]
        while waiting:
            member = self._all[waiting.pop()]
            if member.folder not in members:
                members[member.folder] = member
                waiting.extend(member.folders)
        obstacles = (member.obstacle for member in members.values() if member.obstacle)
        obstacle = next(obstacles, None)
        if obstacle is None and self._all[folder].is_component:
            obstacle = "a Component is rendered only as part of an overlay, and none names it"
        return Closure(folder, tuple(members.values()), obstacle)

    def _link(self, folder: str, paths: list[str], data: dict[str, Any] | None) -> Kustomization:
        if data is None:
            beside = tuple(path for path in self._paths if path.rpartition("/")[0] == folder)
            unread = "its kustomization file cannot be read"
            return Kustomization(folder, paths[0], {}, files=beside, obstacle=unread)
        folders: list[str] = []
        files: list[str] = []
        obstacles: list[str] = []
        if len(paths) > 1:
            obstacles.append(f"the folder has {len(paths)} kustomization files")
        if any(data.get(name) for name in _CHARTS):
            obstacles.append("it inflates a Helm chart, which is not fetched")
        for reference in _references(data):
            target = posixpath.normpath(posixpath.join(folder, reference))
            if target in self._paths:
                files.append(target)
            elif (inner := "" if target == "." else target) in self._folders:
                folders.append(inner)
            else:
                obstacles.append(_obstacle(reference, target))
        obstacle = obstacles[0] if obstacles else None
        return Kustomization(folder, paths[0], data, tuple(folders), tuple(files), obstacle)


def _obstacle(reference: str, target: str) -> str:
    if (
        "://" in reference
        or "?ref=" in reference
        or "//" in reference
        or reference.startswith("git@")
    ):
        return f"it builds on {reference}, which is remote and is not fetched"
    if target.startswith(("..", "/")):
        return f"it reads {reference}, which is outside of the folder that was read"
    return f"it reads {reference}, which is not there"


def _references(data: dict[str, Any]) -> Iterator[str]:
    """Every file and folder that a kustomization names; inline YAML is not one."""
    for name in _raw_references(data):
        if isinstance(name, str) and name and "\n" not in name:
            yield name


def _raw_references(data: dict[str, Any]) -> Iterable[Any]:
    for field in _LISTS:
        yield from sequence(data.get(field))
    for field in _ITEMS:
        yield from (mapping(item).get("path") for item in sequence(data.get(field)))
    yield dig(data, "openapi", "path")
    for field in _GENERATORS:
        for item in map(mapping, sequence(data.get(field))):
            yield item.get("env")
            yield from sequence(item.get("envs"))
            for file in sequence(item.get("files")):
                yield file.partition("=")[2] or file if isinstance(file, str) else None
