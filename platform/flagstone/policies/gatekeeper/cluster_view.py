"""What is known of the cluster around the objects that are judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flagstone.policies.manifests.kinds import GroupKind, Kinds, Resource
from flagstone.policies.manifests.namespaces import as_created, is_namespace
from flagstone.policies.manifests.objects import Manifest, mapping, text_map
from flagstone.policies.schemas.definitions import Definition, definitions_among, resources_of

_ACTIVE = {"phase": "Active"}
Namespaces = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ClusterView:
    """The surroundings of what is judged.

    Attributes:
        namespaces: each Namespace that is known, as the API server has it, by its name.
        kinds: what custom resources are called in rules, and whether they live in a namespace.
        as_written: an object whose file names no namespace is in none, as gator takes it; a cluster puts
            it into that of whoever applies it, if its kind lives in one.
    """

    namespaces: Namespaces = field(default_factory=dict)
    kinds: Kinds = field(default_factory=Kinds)
    as_written: bool = False

    @classmethod
    def of(
        cls, manifests: Iterable[Manifest], definitions: Iterable[Definition] = ()
    ) -> ClusterView:
        """What some objects tell, with definitions of their kinds from elsewhere."""
        manifests = list(manifests)
        defined = resources_of([*definitions, *definitions_among(manifests)])
        return cls(
            {m.name: {"status": _ACTIVE, **as_created(m)} for m in manifests if is_namespace(m)},
            Kinds(defined, {(m.group, m.kind) for m in manifests}),
        )

    def also(self, defined: Mapping[GroupKind, Resource]) -> ClusterView:
        """This view with further definitions."""
        return replace(self, kinds=self.kinds.also(defined)) if defined else self

    def is_cluster_wide(self, manifest: Manifest) -> bool | None:
        """Whether an object is in no namespace; None if that hangs on the definition of its kind."""
        if self.as_written:
            return not manifest.namespace
        return self.kinds.is_cluster_wide(manifest)

    def labels_of(self, namespace: str) -> dict[str, str] | None:
        """The labels of a namespace; None if they are not known."""
        found = self.namespaces.get(namespace)
        return None if found is None else text_map(mapping(found.get("metadata")).get("labels"))
