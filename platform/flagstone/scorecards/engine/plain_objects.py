"""Documents in the Kubernetes manner that no cluster gets: scorecards and catalogue entities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from flagstone.policies.manifests.documents import Broken, Document, read_documents
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.manifests.source_lines import Place, SourceText


def read_objects(path: str, text: str) -> Iterator[Manifest | Broken]:
    """Yield each mapping among a file's documents, with its lines, and what cannot be read."""
    return _objects(path, read_documents(text, Limits()), SourceText(lambda: text))


def objects_in(snapshot: Snapshot, path: str) -> Iterator[Manifest | Broken]:
    """The same of a file of a snapshot; nothing if it is not there."""
    source = SourceText(partial(snapshot.read_text, path))
    return _objects(path, snapshot.documents_of(path), source)


def _objects(
    path: str, documents: Iterable[Document | Broken], source: SourceText
) -> Iterator[Manifest | Broken]:
    for document in documents:
        if isinstance(document, Broken):
            yield document
        elif isinstance(document.value, dict):
            place = Place(source, document.first_line)
            yield Manifest(document.value, path, document.index, place=place)
