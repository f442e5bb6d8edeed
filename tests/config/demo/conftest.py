from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from flagstone.config.demo.gitops import Layer, gitops_files
from flagstone.config.demo.organisation import organisation_files
from flagstone.core.content import content_dir
from flagstone.scaffolding.engine.rendering import LayerJob, render_layers

TODAY = date(2026, 11, 23)


def render(layers: Sequence[Layer]) -> Sequence[Mapping[str, bytes]]:
    scaffolds = content_dir("scaffolds")
    jobs = [LayerJob(scaffolds / layer.name, layer.answers) for layer in layers]
    return [layer.tree.contents() for layer in render_layers(jobs)]


@pytest.fixture(scope="session")
def gitops() -> dict[str, bytes]:
    return gitops_files(render, today=TODAY)


@pytest.fixture(scope="session")
def organisation() -> dict[str, bytes]:
    return organisation_files()
