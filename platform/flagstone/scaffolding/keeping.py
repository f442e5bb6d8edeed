"""Layers are kept as they were, so that what a service was made from can be rendered again years later."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from flagstone.scaffolding.engine import archives
from flagstone.scaffolding.engine.again import render_again
from flagstone.scaffolding.engine.layers import Layer
from flagstone.scaffolding.engine.provenance import LayerRecord, ProvenanceRecord
from flagstone.scaffolding.engine.trees import RenderedTree
from flagstone.scaffolding.errors import TemplateError
from flagstone.scaffolding.models import LayerArchive, Provenance
from flagstone.scaffolding.registered.holding import registered_scaffolds


def keep_layers(layers: Iterable[Layer]) -> None:
    """Store each layer once; doing it again changes nothing."""
    wanted = {layer.digest: layer for layer in layers}
    held = set(LayerArchive.objects.filter(digest__in=wanted).values_list("digest", flat=True))
    missing = [layer for digest, layer in wanted.items() if digest not in held]
    LayerArchive.objects.bulk_create(
        [
            LayerArchive(digest=layer.digest, label=layer.label, content=archives.pack(layer))
            for layer in missing
        ],
        ignore_conflicts=True,
    )


def base_of(provenance: Provenance) -> dict[str, RenderedTree]:
    """Return both trees of a service by their target as they were when it was made, byte for byte.

    Raises:
        TemplateError: A layer was not kept, or cannot be rendered any more.
    """
    record = ProvenanceRecord.from_json(
        {
            "scaffold": provenance.scaffold_id,
            "version": provenance.scaffold_version,
            "answers": provenance.answers,
            "layers": provenance.layers,
            "edits": provenance.edits,
            "occasion": provenance.occasion,
        }
    )
    return render_again(record, _kept)


@contextlib.contextmanager
def _kept(record: LayerRecord) -> Iterator[Layer]:
    found = LayerArchive.objects.filter(digest=record.digest).first()
    if found is None:
        raise TemplateError(
            f"version {record.digest[:12]} was not kept, so it cannot be rendered again",
            file=record.label,
        )
    with archives.unpacked(
        bytes(found.content), label=record.label, digest=record.digest, kind=record.kind
    ) as layer:
        yield replace(layer, runs_code=record.ran_code and _may_run(layer.digest))


def _may_run(digest: str) -> bool:
    """Tell whether the platform team lets the code of this very layer run today; a record is no permission."""
    return any(
        layer.digest == digest and layer.runs_code
        for scaffold in registered_scaffolds()
        for layer in scaffold.layers.values()
    )
