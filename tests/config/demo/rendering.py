"""Renders the demo's layers through Flagstone's own engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from flagstone.config.demo.gitops import Layer
from flagstone.core.content import content_dir
from flagstone.scaffolding.engine.jobs import LayerJob
from flagstone.scaffolding.engine.rendering import render_layers

TODAY = date(2026, 11, 23)


def render(layers: Sequence[Layer]) -> Sequence[Mapping[str, bytes]]:
    scaffolds = content_dir("scaffolds")
    jobs = [LayerJob(scaffolds / layer.name, layer.answers) for layer in layers]
    return [layer.tree.contents() for layer in render_layers(jobs)]
