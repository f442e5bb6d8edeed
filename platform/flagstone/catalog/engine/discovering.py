"""What the names of a repository's files tell: where its catalogue files are, and whether it says what runs. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

CATALOG_FILES = frozenset({"catalog-info.yaml", "catalog-info.yml"})
_GITOPS_FILES = frozenset(
    {
        "kustomization.yaml", "kustomization.yml", "application.yaml", "applicationset.yaml",
        "appproject.yaml", "rollout.yaml",
    }
)  # fmt: skip
_MANIFESTS = (".yaml", ".yml", ".json")
# a service's own repository may keep some manifests beside its code; one that says what runs has little else
_MOSTLY = 0.6
_WORDS = (".md", ".txt", "CODEOWNERS", ".gitignore", ".gitattributes", "LICENSE")


@dataclass(frozen=True, slots=True)
class FoundInFiles:
    """What a repository holds.

    Attributes:
        locations: Paths and patterns that lead to every catalogue file.
        catalog_files: How many there are.
        gitops_folders: Folders whose files say what runs, the shallowest first.
        role: `gitops`, `catalog` or `service`.
    """

    locations: tuple[str, ...]
    catalog_files: int
    gitops_folders: tuple[str, ...]
    role: str


def look_through(paths: Iterable[str]) -> FoundInFiles:
    """Tell what a repository holds from the paths of its files."""
    files = [PurePosixPath(path) for path in paths]
    catalog = [file for file in files if file.name in CATALOG_FILES]
    folders = {str(file.parent) for file in files if file.name.lower() in _GITOPS_FILES}
    gitops = tuple(sorted(folders, key=lambda folder: (folder.count("/"), folder)))
    return FoundInFiles(
        locations=_locations(catalog),
        catalog_files=len(catalog),
        gitops_folders=gitops,
        role=_role(files, catalog, gitops),
    )


def _role(
    files: Sequence[PurePosixPath], catalog: Sequence[PurePosixPath], gitops: Sequence[str]
) -> str:
    counted = [file for file in files if not file.name.endswith(_WORDS)]
    manifests = [file for file in counted if file.name.lower().endswith(_MANIFESTS)]
    is_mostly_manifests = bool(counted) and len(manifests) >= _MOSTLY * len(counted)
    if gitops and is_mostly_manifests:
        return "gitops"
    return "catalog" if len(catalog) > 1 and is_mostly_manifests else "service"


def _locations(catalog: Sequence[PurePosixPath]) -> tuple[str, ...]:
    """Return one pattern where folders side by side have one each, so that a new one is found as well."""
    beside: dict[tuple[str, str], list[PurePosixPath]] = defaultdict(list)
    alone: list[str] = []
    for file in catalog:
        if len(file.parts) > 1:
            beside[str(file.parent.parent), file.name].append(file)
        else:
            alone.append(str(file))
    for (above, name), found in beside.items():
        if len(found) > 1:
            alone.append(str(PurePosixPath(above) / "*" / name))
        else:
            alone += [str(file) for file in found]
    return tuple(sorted(alone, key=lambda path: (path.count("/"), path)))
