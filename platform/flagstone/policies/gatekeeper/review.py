"""What a policy is shown: `input.review` as Gatekeeper gives it when an object is created."""

from __future__ import annotations

import json
from typing import Any

from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.manifests.namespaces import as_created
from flagstone.policies.manifests.objects import Manifest


def review_json(
    manifest: Manifest,
    view: ClusterView,
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
            "resource": view.kinds.plural(manifest.group, manifest.kind),
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
        review |= namespace_part(namespace, view)
    return json.dumps(review, allow_nan=False)


def namespace_part(namespace: str, view: ClusterView) -> dict[str, Any]:
    """What a review says of the object's namespace, if that is known."""
    found = view.namespaces.get(namespace)
    if found is None:
        return {}
    return {"namespaceObject": found, "_unstable": {"namespace": found}}  # the older name of it
