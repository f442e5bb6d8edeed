"""What a case puts to a policy: an object by itself, or the request of an AdmissionReview."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flagstone.core.errors import UserError
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.review import namespace_part, review_json
from flagstone.policies.manifests.objects import Manifest, mapping

_GROUP, _KIND = "admission.k8s.io", "AdmissionReview"
# Those of an AdmissionRequest (admission.k8s.io/v1); the API server sends no others, and gator drops them.
_FIELDS = frozenset(
    {
        "dryRun", "kind", "name", "namespace", "object", "oldObject", "operation", "options",
        "requestKind", "requestResource", "requestSubResource", "resource", "subResource", "uid",
        "userInfo",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """The `input.review` as JSON, and the objects by which a constraint is matched."""

    review: str
    manifests: tuple[Manifest, ...]


def asked_of(manifest: Manifest, view: ClusterView) -> Asked:
    """Read the object of a case.

    Raises:
        UserError: it is an AdmissionReview that the API server would never send.
    """
    if (manifest.group, manifest.kind) != (_GROUP, _KIND):
        return Asked(review_json(manifest, view, operation=""), (manifest,))
    given = mapping(manifest.raw.get("request"))
    request = {field: value for field, value in given.items() if field in _FIELDS}
    if not given:
        raise UserError(f"{manifest.path}: the AdmissionReview has no request")
    request["object"], request["oldObject"] = request.get("object"), request.get("oldObject")
    if request.get("operation") == "DELETE":
        if not isinstance(request["oldObject"], dict):
            raise UserError(f"{manifest.path}: a request to DELETE has an oldObject")
        request["object"] = request["oldObject"]
    parts = [part for part in (request["object"], request["oldObject"]) if isinstance(part, dict)]
    if not parts:
        raise UserError(f'{manifest.path}: the request has neither an "object" nor an "oldObject"')
    namespace = str(request.get("namespace") or "")
    review = {"userInfo": {}, **request, **namespace_part(namespace, view)}
    reviewed = tuple(_inner(part, namespace, manifest) for part in parts)
    return Asked(json.dumps(review, allow_nan=False), reviewed)


def _inner(raw: dict[str, Any], namespace: str, manifest: Manifest) -> Manifest:
    metadata = mapping(raw.get("metadata"))
    if namespace and not metadata.get("namespace") and raw.get("kind") != "Namespace":
        raw = {**raw, "metadata": {**metadata, "namespace": namespace}}
    return Manifest(raw, manifest.path, manifest.document, place=manifest.place)
