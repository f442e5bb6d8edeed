"""An admission policy with its binding, as small as they can be."""

from __future__ import annotations

from typing import Any

from flagstone.policies.manifests.objects import Manifest
from tests.policies.gatekeeper.samples import policies

GROUP = "admissionregistration.k8s.io"
RULE = {
    "apiGroups": ["apps"],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE"],
    "resources": ["deployments"],
}


def policy(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "few"},
        "spec": {
            "matchConstraints": {"resourceRules": [RULE]},
            "validations": [{"expression": "object.spec.replicas >= 2", "message": "too few"}],
            **spec,
        },
    }


def binding(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "few-everywhere"},
        "spec": {"policyName": "few", "validationActions": ["Deny"], **spec},
    }


def definition(
    kind: str = "Gadget", plural: str = "gadgetry", scope: str = "Namespaced"
) -> Manifest:
    """The CustomResourceDefinition of a kind of ex.com."""
    spec = {
        "group": "ex.com",
        "scope": scope,
        "names": {"kind": kind, "plural": plural},
        "versions": [{"name": "v1", "served": True, "schema": {"openAPIV3Schema": {}}}],
    }
    metadata = {"name": f"{plural}.ex.com"}
    raw = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    return Manifest({**raw, "metadata": metadata, "spec": spec}, "crd.yaml")


def parameters(
    minimum: int, name: str = "limits", namespace: str = "", **labels: str
) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels, **place},
        "data": {"min": str(minimum)},
    }


def reviewed(manifest: Any, *documents: Any, **more: Any) -> Any:
    """What a set of these documents says of an object."""
    return policies(*documents).review(manifest, **more)


def said(manifest: Any, *documents: Any, **more: Any) -> list[str]:
    review = reviewed(manifest, *documents, **more)
    return [v.message for v in review.violations] + [f"! {f.reason}" for f in review.failures]
