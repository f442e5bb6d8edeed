"""What a policy is shown: `input.review` as Gatekeeper gives it when an object is created."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flagstone.policies.manifests.objects import Manifest


def review_json(manifest: Manifest, namespace_labels: Mapping[str, Mapping[str, str]]) -> str:
    """The review of an object, serialised once for all policies."""
    review: dict[str, Any] = {
        "kind": {"group": manifest.group, "version": manifest.version, "kind": manifest.kind},
        "operation": "CREATE",
        "object": manifest.raw,
        "oldObject": None,
        "userInfo": {},
    }
    if name := manifest.metadata.get("name"):
        review["name"] = name
    if namespace := manifest.namespace:
        review["namespace"] = namespace
        labels = namespace_labels.get(namespace)
        if labels is not None:
            metadata = {"name": namespace, "labels": dict(labels)}
            found = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
            review["namespaceObject"] = found
            review["_unstable"] = {"namespace": found}  # the older name of the same thing
    return json.dumps(review, allow_nan=False)
