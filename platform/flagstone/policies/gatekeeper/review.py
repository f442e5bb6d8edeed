"""What a policy is shown: `input.review` as Gatekeeper gives it when an object is created."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flagstone.policies.manifests.namespaces import NAME_LABEL, as_created
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.resources import resource_of


def review_json(
    manifest: Manifest,
    namespace_labels: Mapping[str, Mapping[str, str]],
    operation: str = "CREATE",
) -> str:
    """The review of an object, serialised once for all policies; without an operation, as gator's is."""
    kind = {"group": manifest.group, "version": manifest.version, "kind": manifest.kind}
    review: dict[str, Any] = {
        "kind": kind,
        "operation": operation,
        "object": as_created(manifest),
        "oldObject": None,
        "userInfo": {},
    }
    if operation:
        resource = {
            "group": manifest.group,
            "version": manifest.version,
            "resource": resource_of(manifest.kind),
        }
        review |= {
            "requestKind": kind,
            "resource": resource,
            "requestResource": resource,
            "dryRun": False,
        }
    if name := manifest.metadata.get("name"):
        review["name"] = name
    if namespace := manifest.namespace:
        review["namespace"] = namespace
        review |= namespace_part(namespace, namespace_labels)
    return json.dumps(review, allow_nan=False)


def namespace_part(
    namespace: str, namespace_labels: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """What a review says of the object's namespace, if its labels are known."""
    labels = namespace_labels.get(namespace)
    if labels is None:
        return {}
    metadata = {"name": namespace, "labels": {**labels, NAME_LABEL: namespace}}
    found = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    return {"namespaceObject": found, "_unstable": {"namespace": found}}  # the older name of it
