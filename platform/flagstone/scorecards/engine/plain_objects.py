"""Documents in the Kubernetes manner that no cluster gets: scorecards and catalogue entities."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.policies.manifests.documents import Broken, read_documents
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.source_lines import Place, SourceText


def read_objects(path: str, text: str) -> Iterator[Manifest | Broken]:
    """Yield each mapping among a file's documents, with its lines, and what cannot be read."""
    source = SourceText(lambda: text)
    for document in read_documents(text, Limits()):
        if isinstance(document, Broken):
            yield document
        elif isinstance(document.value, dict):
            place = Place(source, document.first_line)
            yield Manifest(document.value, path, document.index, place=place)
