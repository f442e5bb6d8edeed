"""A GitOps repository's first commit: what Argo CD reads, the projects of the systems, the guardrails themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flagstone.scaffolding.engine.jobs import LayerJob
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scaffolding.engine.trees import RenderedFile, RenderedTree

REPOSITORY, PROJECT = "gitops-repo", "gitops-project"
POLICIES = "platform/policies"


def gitops_tree(
    scaffolds: Path,
    policies: Path,
    *,
    answers: Mapping[str, Any],
    projects: Sequence[Mapping[str, Any]],
) -> RenderedTree:
    """Render the repository.

    Args:
        scaffolds: The folder with the layers.
        policies: The folder with the Gatekeeper policies, which go in as they are.
        answers: For the layer of the repository.
        projects: For each Argo CD project, the answers for its layer.

    Raises:
        TemplateError: A layer cannot be rendered.
    """
    jobs = [LayerJob(scaffolds / REPOSITORY, answers, REPOSITORY)]
    jobs += [LayerJob(scaffolds / PROJECT, project, PROJECT) for project in projects]
    tree = RenderedTree()
    for rendered in render_layers(jobs):
        tree = tree.overlaid(rendered.tree)
    return tree.overlaid(
        RenderedTree(
            {
                f"{POLICIES}/{path.name}": RenderedFile(path.read_bytes())
                for path in policies.glob("*.yaml")
            }
        )
    )
