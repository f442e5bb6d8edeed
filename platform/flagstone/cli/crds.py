"""Where the definitions of custom resources are: the folder that was named, or the one beside the policies."""

from __future__ import annotations

from pathlib import Path

from flagstone.core.content import content_dir
from flagstone.core.errors import NotFound
from flagstone.policies.schemas.definitions import holds_definitions


def crds_folder(named: Path | None) -> Path | None:
    """The folder of CRDs; None if none was named and the content has none.

    Raises:
        NotFound: the one that was named holds no definition, or is not there.
    """
    if named is None:
        beside = content_dir("scorecards") / "crds"
        return beside if beside.is_dir() else None
    if not holds_definitions(named):
        raise NotFound(f"{named} holds no CustomResourceDefinition: name a folder that has some")
    return named
