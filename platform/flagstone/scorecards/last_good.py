"""The catalogue keeps the last good version of an entity when its file breaks; so do the scorecards.

Otherwise a typing mistake in `catalog-info.yaml` would read as a service whose manifests are gone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

from flagstone.catalog.engine.reading import read_file
from flagstone.catalog.models import Entity
from flagstone.forge.models import Repository


def with_last_good(files: Mapping[str, bytes], repository: Repository) -> dict[str, bytes]:
    """Return the files, with the last good documents in place of a catalogue file that lost a known service.

    Decided by the files themselves: the catalogue may not have read this commit yet.
    """
    known: dict[str, list[Entity]] = defaultdict(list)
    for entity in Entity.objects.filter(location__repository=repository).alive():
        known[entity.source_path].append(entity)
    found = dict(files)
    for path, entities in known.items():
        if path in files and _lost(path, files[path], entities):
            found[path] = b"\n---\n".join(json.dumps(e.document).encode() for e in entities)
    return found


def _lost(path: str, content: bytes, entities: list[Entity]) -> bool:
    read = {
        document.ref.canonical
        for document in read_file(path, content)
        if document.accepted and document.ref
    }
    return any(entity.ref not in read for entity in entities if entity.is_service)
