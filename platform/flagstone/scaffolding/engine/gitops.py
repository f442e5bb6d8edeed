"""A GitOps repository's first commit: what Argo CD reads, the projects of the systems, the guardrails themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from flagstone.policies.manifests.objects import dig
from flagstone.scaffolding.engine.jobs import LayerJob
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scaffolding.engine.trees import RenderedFile, RenderedTree
from flagstone.scaffolding.errors import NameTaken

REPOSITORY, PROJECT = "gitops-repo", "gitops-project"
POLICIES = "platform/policies"
# Argo CD brings a project of this name, and Kubernetes a namespace; those of the cluster itself begin with the prefix
_DEFAULT, _CLUSTERS_OWN = "default", "kube-"


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
        NameTaken: A project is called as another, or as one or a namespace of the platform itself.
        TemplateError: A layer cannot be rendered.
    """
    jobs = [LayerJob(scaffolds / REPOSITORY, answers, REPOSITORY)]
    jobs += [LayerJob(scaffolds / PROJECT, project, PROJECT) for project in projects]
    tree, *others = (rendered.tree for rendered in render_layers(jobs))
    _require_free([str(project["name"]) for project in projects], _names_of_its_own(tree))
    for other in others:
        tree = tree.overlaid(other)
    return tree.overlaid(
        RenderedTree(
            {
                f"{POLICIES}/{path.name}": RenderedFile(path.read_bytes())
                for path in policies.glob("*.yaml")
            }
        )
    )


def _names_of_its_own(repository: RenderedTree) -> set[str]:
    """Return its projects and their namespaces: a system's project is called as the namespace that it may fill."""
    names = {_DEFAULT}
    for path, file in repository.files.items():
        if path.startswith("projects/"):
            project = yaml.safe_load(file.content)
            places = dig(project, "spec", "destinations") or []
            names |= {project["metadata"]["name"], *(place["namespace"] for place in places)}
    return names


def _require_free(wanted: Sequence[str], taken: Collection[str]) -> None:
    for name in wanted:
        if name in taken or name.startswith(_CLUSTERS_OWN):
            raise NameTaken(
                f"The project {name} cannot be made: {', '.join(sorted(taken))} and {_CLUSTERS_OWN}… belong to the "
                "platform itself. Choose another name."
            )
        if wanted.count(name) > 1:
            raise NameTaken(
                f"The project {name} is named twice. Name it once, with all of its squads."
            )
