"""Applications of Applications: they run nothing, and what they deploy is judged anyway."""

from __future__ import annotations

from functools import cached_property

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.argocd import argo_applications
from flagstone.scorecards.engine.index import folder_of, with_folders_above
from flagstone.scorecards.engine.surroundings import Surroundings

_APPLICATIONS = tuple((argo_applications.GROUP, kind) for kind in argo_applications.KINDS)
_ARGO_OBJECTS = (*_APPLICATIONS, (argo_applications.GROUP, "AppProject"))


class ArgoOnly:
    """Tells which Applications of a snapshot deploy nothing but Argo CD's own objects."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._snapshot = surroundings.snapshot
        self._folders = surroundings.folders

    def deploys_nothing_else(self, manifest: Manifest) -> bool:
        """Whether all that an Application deploys is Applications and projects of this snapshot."""
        if (manifest.group, manifest.kind) not in _APPLICATIONS:
            return False
        application = argo_applications.application(manifest)
        paths = list(application.paths())
        if not paths or len(paths) < len(application.sources):
            return False  # a source that is not written down, or a chart of a registry
        argo, others = self._holders
        return all(path in argo and path not in others for path in paths)

    @cached_property
    def _holders(self) -> tuple[frozenset[str], frozenset[str]]:
        """The folders around Argo CD's own objects, or kept empty for them; those around the rest."""
        argo, others = set[str](), {unrendered.folder for unrendered in self._snapshot.unrendered}
        unread = [problem.path for problem in self._snapshot.problems if problem.kind == "parse"]
        others |= {path.rpartition("/")[0] for path in unread}
        for manifest in self._snapshot.manifests:
            own = (manifest.group, manifest.kind) in _ARGO_OBJECTS
            (argo if own else others).add(folder_of(manifest))
        paths = (path.rpartition("/") for path in self._snapshot.paths())
        visible = with_folders_above(folder for folder, _, name in paths if name[:1] != ".")
        kept_empty = self._folders - visible
        return with_folders_above(argo) | kept_empty, with_folders_above(others)
