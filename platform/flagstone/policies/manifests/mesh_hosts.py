"""Host names of a mesh, brought to one form so that they can be compared."""

from __future__ import annotations

from collections.abc import Collection

CLUSTER_DOMAIN = "svc.cluster.local"
_DEFAULT_NAMESPACE = "default"  # what kubectl and Istio take when an object names none


def full_host(host: str, namespace: str, namespaces: Collection[str] = ()) -> str:
    """The fully qualified form of a host in a VirtualService or DestinationRule.

    Args:
        host: as written: `checkout`, `checkout.payments`, `checkout.payments.svc`, or a full name.
        namespace: the namespace of the object that names it; "" if it has none.
        namespaces: namespaces known to exist: only these make a Service of a name in two parts.
    """
    name = host.lower().removesuffix(".")
    parts = name.split(".")
    if len(parts) == 1 and name and name != "*":
        return f"{name}.{namespace or _DEFAULT_NAMESPACE}.{CLUSTER_DOMAIN}"
    if len(parts) == 2 and (parts[1] in namespaces or parts[1] == namespace):
        return f"{name}.{CLUSTER_DOMAIN}"
    if len(parts) == 3 and parts[2] == "svc":
        return f"{name}.cluster.local"
    return name


def service_of(host: str) -> tuple[str, str] | None:
    """Namespace and name of the Service behind a full host; None for a host outside the cluster."""
    name, dot, namespace = host.removesuffix(f".{CLUSTER_DOMAIN}").partition(".")
    if not host.endswith(f".{CLUSTER_DOMAIN}") or not dot or "." in namespace:
        return None
    return namespace, name
