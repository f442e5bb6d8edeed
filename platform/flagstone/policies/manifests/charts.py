"""Which files belong to a Helm chart, and what they are to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

CHART_FILE = "Chart.yaml"


@dataclass(frozen=True, slots=True)
class Charts:
    """The charts of a tree, outermost only: a chart below `charts/` is part of its parent."""

    folders: tuple[str, ...]

    @classmethod
    def among(cls, paths: Iterable[str]) -> Charts:
        found: list[str] = []
        for folder in sorted(_parent(path) for path in paths if _name(path) == CHART_FILE):
            if not any(is_below(folder, outer) for outer in found):
                found.append(folder)
        return cls(tuple(found))

    def folder_of(self, path: str) -> str | None:
        return next((folder for folder in self.folders if is_below(path, folder)), None)

    def is_template(self, path: str) -> bool:
        """Whether only `helm template` can tell what this file becomes (sub-charts included)."""
        return self._part(path) in {"templates", "charts"}

    def is_definition(self, path: str) -> bool:
        """Whether it is one of the chart's own CRDs, which say nothing about a service."""
        return self._part(path) == "crds"

    def _part(self, path: str) -> str | None:
        folder = self.folder_of(path)
        if folder is None:
            return None
        inside = path[len(folder) + 1 :] if folder else path
        return inside.partition("/")[0] if "/" in inside else None


def is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]
