"""The address by which Argo CD reads a GitOps repository: what lies in the repository says it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.policies.manifests.snapshot import Snapshot

# what may stand in a manifest without quotes: YAML reads none of these as anything else
ADDRESS = re.compile(r"[A-Za-z0-9/~._][\w@:/~.+%-]*")


def argocd_address(repository: Snapshot) -> str | None:
    """Return what its Applications call the repository, else the only one that its projects allow.

    Args:
        repository: What lies in it.
    """
    called = Counter(_repositories_of_own_folders(repository))
    if called:
        return called.most_common(1)[0][0]
    allowed = set(_allowed(repository))
    return allowed.pop() if len(allowed) == 1 else None


def _repositories_of_own_folders(repository: Snapshot) -> Iterator[str]:
    """Yield the address of each source whose folder is here: it may be another repository's, mostly it is not."""
    here = {str(parent) for path in repository.paths() for parent in PurePosixPath(path).parents}
    for application in repository.of_kind("Application", "argoproj.io"):
        spec = application.spec
        for source in map(mapping, (spec.get("source"), *sequence(spec.get("sources")))):
            folder = str(PurePosixPath(str(source.get("path", "")).strip("/")))
            if source.get("path") and folder in here and _is_address(source.get("repoURL")):
                yield source["repoURL"]


def _allowed(repository: Snapshot) -> Iterator[str]:
    for project in repository.of_kind("AppProject", "argoproj.io"):
        yield from filter(_is_address, sequence(project.spec.get("sourceRepos")))


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and ADDRESS.fullmatch(value) is not None
