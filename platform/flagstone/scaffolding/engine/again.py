"""Rendering what was rendered once, from its provenance alone: the base of every later three-way merge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack

from flagstone.scaffolding.engine.jobs import LayerJob, Limits, Occasion
from flagstone.scaffolding.engine.layers import Layer
from flagstone.scaffolding.engine.provenance import LayerRecord, ProvenanceRecord
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scaffolding.engine.targets import GITOPS, SERVICE
from flagstone.scaffolding.engine.trees import RenderedTree
from flagstone.scaffolding.engine.workspace import Take, Workspace
from flagstone.scaffolding.errors import TemplateError, UnsafeTemplate

OpenLayer = Callable[[LayerRecord], AbstractContextManager[Layer]]
"""Gives the layer of a record, in the very version that was used, and whether its code may run today."""


def render_again(
    provenance: ProvenanceRecord, open_layer: OpenLayer, *, limits: Limits | None = None
) -> dict[str, RenderedTree]:
    """Return the trees by target, byte for byte as they were.

    Raises:
        TemplateError: A layer cannot be had any more in that version, or not be rendered.
        UnsafeTemplate: A file would lie where none may.
    """
    with ExitStack() as opened:
        jobs = [
            _job(each, opened.enter_context(open_layer(each)), provenance.occasion)
            for each in provenance.layers
        ]
        rendered = render_layers(jobs, limits=limits) if jobs else []
    trees = replayed(provenance, [result.tree for result in rendered]).filled_trees
    if SERVICE in trees:
        trees[SERVICE] = provenance.beside(trees[SERVICE])
    for name, tree in trees.items():
        if fault := tree.fault():
            raise UnsafeTemplate(f"would write {fault}", file=name)
    return trees


def _job(record: LayerRecord, layer: Layer, occasion: Occasion | None) -> LayerJob:
    # a record is a file that anybody may have edited: it cannot let code run
    if record.ran_code and layer.code and not layer.runs_code:
        raise TemplateError(
            f"its own code took part ({', '.join(layer.code)}), and may not run any more: no registered template "
            "has this very version and lets its code run. Register it at that commit and let it, then try again",
            file=record.label,
            code="scaffold.code_not_let",
        )
    return LayerJob(
        layer.folder,
        record.variables,
        record.label,
        runs_code=record.ran_code and layer.runs_code,
        kind=record.kind,
        options=record.options,
        address=record.origin.url if record.origin else "",
        occasion=occasion,
    )


def replayed(provenance: ProvenanceRecord, rendered: Sequence[RenderedTree]) -> Workspace:
    """Lay rendered layers and do the edits in the order in which they were done; `trees` hold what was taken.

    Raises:
        NothingThere: An edit names a file that is not there.
    """
    workspace = Workspace()
    for number, (layer, tree) in enumerate(zip(provenance.layers, rendered, strict=True)):
        workspace.edit(each.edit for each in provenance.edits if each.after == number)
        workspace.lay(tree, layer.target, replace=layer.replace)
    workspace.edit(each.edit for each in provenance.edits if each.after == len(rendered))
    if not provenance.edits:
        workspace.edit(Take(tree, tree) for tree in (SERVICE, GITOPS))
    return workspace
