"""Hosts of the mesh as references: to a Service, whose namespace may be unknown, or to outside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flagstone.policies.manifests.mesh_hosts import full_host, service_of


@dataclass(frozen=True, slots=True)
class MeshHost:
    """A host as Istio understands it; `namespace` is "" if it is not known."""

    name: str
    namespace: str = ""
    external: bool = False

    def __str__(self) -> str:
        if self.external:
            return self.name
        return f"{self.name}.{self.namespace}" if self.namespace else self.name

    def same_as(self, other: MeshHost) -> bool:
        """Whether both may be one host; an unknown namespace may be any."""
        return (self.name, self.external) == (other.name, other.external) and (
            self.namespace == other.namespace or not self.namespace or not other.namespace
        )


def mesh_host(text: str, namespace: str, namespaces: Collection[str]) -> MeshHost:
    """Read a host as an object in `namespace` means it; `namespaces` are those known to exist."""
    host = full_host(text.strip(), namespace, namespaces)
    service = service_of(host)
    if service is None:
        return MeshHost(host, external=True)
    short = "." not in text.strip().rstrip(".")
    return MeshHost(service[1], namespace if short else service[0])


def gets_sidecars(labels: Mapping[str, str]) -> bool:
    """Whether a namespace with these labels gives its pods sidecars: `disabled` counts before a revision.

    Source: the webhooks of istiod, whose selectors compare with these very values.
    """
    injection = labels.get("istio-injection")
    return injection == "enabled" or (injection is None and bool(labels.get("istio.io/rev")))


def is_ambient(labels: Mapping[str, str]) -> bool:
    """Whether the labels of a namespace or of pods ask for ambient mode."""
    return labels.get("istio.io/dataplane-mode") == "ambient"
