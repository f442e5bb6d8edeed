"""What a kind is called in a rule of the API server, and whether it lives in a namespace."""

from __future__ import annotations

from functools import lru_cache

_IRREGULAR = {"Endpoints": "endpoints", "PodMetrics": "pods", "NodeMetrics": "nodes"}
_VOWELS = "aeiou"
_CLUSTER = frozenset(
    {
        "APIService", "CertificateSigningRequest", "ClusterIssuer", "ClusterRole",
        "ClusterRoleBinding", "ClusterTrustBundle", "ComponentStatus", "CSIDriver", "CSINode",
        "ConstraintTemplate", "CustomResourceDefinition", "DeviceClass", "FlowSchema",
        "GatewayClass", "IngressClass", "IPAddress", "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node",
        "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice",
        "RuntimeClass", "SelfSubjectAccessReview", "ServiceCIDR", "StorageClass",
        "SubjectAccessReview", "TokenReview", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment",
        "VolumeAttributesClass", "VolumeSnapshotClass", "VolumeSnapshotContent",
    }
)  # fmt: skip


@lru_cache(maxsize=4096)
def resource_of(kind: str) -> str:
    """The plural in lower case, as Kubernetes and the generators of CRDs form it."""
    if kind in _IRREGULAR:
        return _IRREGULAR[kind]
    name = kind.lower()
    if name.endswith("y") and name[-2:-1] not in _VOWELS:
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "z", "ch", "sh")) else f"{name}s"


def is_cluster_wide(kind: str, namespace: str) -> bool:
    """Whether an object without a namespace has none, or gets that of its place."""
    is_named_so = kind.startswith("Cluster") and kind != "Cluster"  # a database, or machines
    return not namespace and (kind in _CLUSTER or is_named_so)
