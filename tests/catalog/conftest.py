"""A folder that the catalogue may read, with the real way in: files are written, and ingested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.catalog.engine.samples import entity

if TYPE_CHECKING:
    from flagstone.catalog.models import Entity, Location
    from flagstone.catalog.storing import Stored


def dump(*documents: dict[str, Any] | str) -> str:
    """Write documents as one file; a text stands as it is."""
    texts = (d if isinstance(d, str) else yaml.safe_dump(d, sort_keys=False) for d in documents)
    return "---\n".join(texts)


def service(name: str = "checkout", **changes: Any) -> dict[str, Any]:
    return entity("Component", metadata__name=name, **changes)


def group(name: str, **changes: Any) -> dict[str, Any]:
    return entity("Group", metadata__name=name, **changes)


def person(name: str, **changes: Any) -> dict[str, Any]:
    return entity("User", metadata__name=name, **changes)


@dataclass
class Folder:
    """A location of the type file: a folder that is searched for catalog-info.yaml."""

    root: Path
    location: Location

    def write(self, path: str, *documents: dict[str, Any] | str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dump(*documents), encoding="utf-8")
        return file

    def ingest(self) -> Stored:
        from flagstone.catalog import pipeline

        stored = pipeline.ingest(self.location.pk)
        self.location.refresh_from_db()
        return stored

    def put(self, *documents: dict[str, Any] | str) -> Stored:
        """Write all documents to one file, and ingest it."""
        self.write("catalog-info.yaml", *documents)
        return self.ingest()


@pytest.fixture
def make_folder(db: None, tmp_path: Path, settings: Any) -> Callable[[str], Folder]:
    from flagstone.catalog.models import Location, LocationType

    root = tmp_path / "catalogue"
    root.mkdir()
    settings.FLAGSTONE_CATALOG_ROOTS = [str(root)]

    def make(name: str) -> Folder:
        folder = root / name
        folder.mkdir()
        location = Location.objects.create(type=LocationType.FILE, path=str(folder))
        return Folder(folder, location)

    return make


@pytest.fixture
def folder(make_folder: Callable[[str], Folder]) -> Folder:
    return make_folder("own")


@pytest.fixture
def get(db: None) -> Callable[[str], Entity]:
    """Read one entity of the kind Component by its name."""
    from flagstone.catalog.models import Entity

    return lambda name: Entity.objects.get(ref=f"component:default/{name}")


@pytest.fixture
def heard() -> Any:
    """Collect what the catalogue tells: `heard["changed"]`, `heard["freed"]` are lists of lists of names."""
    from flagstone.catalog import signals

    told: dict[str, list[list[str]]] = {"changed": [], "freed": []}

    def on_changed(sender: Any, refs: list[str], **kwargs: Any) -> None:
        told["changed"].append(refs)

    def on_freed(sender: Any, refs: list[str], **kwargs: Any) -> None:
        told["freed"].append(refs)

    signals.entities_changed.connect(on_changed)
    signals.names_freed.connect(on_freed)
    yield told
    signals.entities_changed.disconnect(on_changed)
    signals.names_freed.disconnect(on_freed)
