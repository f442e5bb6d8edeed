"""Rendering what was rendered once, from its provenance alone: the base of every later three-way merge."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from flagstone.scaffolding.engine.jobs import LayerJob, Limits
from flagstone.scaffolding.engine.layers import Layer
from flagstone.scaffolding.engine.provenance import LayerRecord, ProvenanceRecord
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scaffolding.engine.scaffold import SERVICE
from flagstone.scaffolding.engine.trees import RenderedTree, laid_over

OpenLayer = Callable[[LayerRecord], AbstractContextManager[Layer]]
"""Gives the layer of a record, in the very version that was used."""


def render_again(
    provenance: ProvenanceRecord, open_layer: OpenLayer, *, limits: Limits | None = None
) -> dict[str, RenderedTree]:
    """Return the trees by target, byte for byte as they were.

    Raises:
        TemplateError: A layer cannot be had any more in that version, or not be rendered.
    """
    with ExitStack() as opened:
        jobs = [
            LayerJob(
                opened.enter_context(open_layer(each)).folder,
                each.variables,
                each.label,
                runs_code=each.ran_code,
            )
            for each in provenance.layers
        ]
        rendered = render_layers(jobs, limits=limits) if jobs else []
    targets = [each.target for each in provenance.layers]
    trees = laid_over(zip(targets, (result.tree for result in rendered), strict=True))
    if SERVICE in trees:
        trees[SERVICE] = provenance.beside(trees[SERVICE])
    return trees
