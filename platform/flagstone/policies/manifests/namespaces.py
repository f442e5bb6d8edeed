"""Namespaces: the label that the API server gives to each."""

from __future__ import annotations

from typing import Any

from flagstone.policies.manifests.objects import Manifest, mapping

NAME_LABEL = "kubernetes.io/metadata.name"


def is_namespace(manifest: Manifest) -> bool:
    return manifest.kind == "Namespace" and manifest.group == ""


def namespace_with(name: str, labels: dict[str, str]) -> dict[str, Any]:
    """A Namespace as the API server has it."""
    metadata = {"name": name, "labels": {**labels, NAME_LABEL: name}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def labels_as_created(manifest: Manifest) -> dict[str, str]:
    """The labels of an object as a policy of the cluster sees them: a Namespace carries its name."""
    return (
        {**manifest.labels, NAME_LABEL: manifest.name} if _is_named(manifest) else manifest.labels
    )


def as_created(manifest: Manifest) -> dict[str, Any]:
    """The object with that label; any other object as it is."""
    if not _is_named(manifest):
        return manifest.raw
    metadata = manifest.metadata
    labels = {**mapping(metadata.get("labels")), NAME_LABEL: manifest.name}
    return {**manifest.raw, "metadata": {**metadata, "labels": labels}}


def _is_named(manifest: Manifest) -> bool:
    return is_namespace(manifest) and bool(manifest.metadata.get("name"))
