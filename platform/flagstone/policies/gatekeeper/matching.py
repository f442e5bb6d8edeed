"""Which objects a constraint applies to: the semantics of `spec.match`.

As in the cluster, what cannot be compared cannot disqualify: an object without a namespace is matched
by every list of namespaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.manifests.namespaces import (
    NAME_LABEL,
    is_namespace,
    labels_as_created,
)
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.selectors import matches


class UnknownNamespaceError(Exception):
    """The match selects by labels of a namespace that are not known."""


class UnknownResourceError(Exception):
    """A rule has a plural, or a scope, that may be that of this kind, or of another."""

    def __init__(self, group: str, kind: str) -> None:
        super().__init__(
            f"whether its rules mean {kind} of {group} depends on the plural and the scope that the "
            "kind's CustomResourceDefinition gives it, which is not among the files"
        )


def labels_of_namespace(name: str, selector: Any, view: ClusterView) -> dict[str, str]:
    """The labels of a namespace, with the one that the API server gives to each.

    Raises:
        UnknownNamespaceError: the selector asks for others, and they are not known.
    """
    labels = view.labels_of(name)
    if labels is None and not _selects_by_name(selector):
        raise UnknownNamespaceError(name)
    return {NAME_LABEL: name, **(labels or {})}


def _selects_by_name(selector: Any) -> bool:
    """Whether a selector looks at nothing but the label that every namespace has."""
    chosen = mapping(selector)
    expressions = map(mapping, sequence(chosen.get("matchExpressions")))
    keys = {*mapping(chosen.get("matchLabels")), *(each.get("key") for each in expressions)}
    return keys <= {NAME_LABEL}


def glob_matches(pattern: str, name: str) -> bool:
    """Gatekeeper's globs: a star at the start, at the end, or both; nowhere else."""
    starts, ends = pattern.startswith("*"), pattern.endswith("*")
    if starts and ends:
        return pattern.strip("*") in name
    if starts:
        return name.endswith(pattern[1:])
    return name.startswith(pattern[:-1]) if ends else name == pattern


class Matching(Protocol):
    """What tells which objects a policy is put to."""

    @property
    def described(self) -> list[str]:
        """The kinds that are meant, in words; none of them if every kind is."""

    @property
    def narrowed(self) -> dict[str, Any]:
        """What else an object has to fit, as it is written, by its field."""

    def kind_matches(self, group: str, kind: str) -> bool:
        """Whether objects of that kind may be meant at all."""

    def applies(self, manifest: Manifest, view: ClusterView) -> bool:
        """Whether this object is meant.

        Raises:
            UnknownNamespaceError: that depends on labels of a namespace that nobody gave.
            UnknownResourceError: that depends on the plural of a custom resource, or its scope.
        """


@dataclass(frozen=True)
class Match:
    """One `spec.match`; every part that is given has to agree."""

    raw: Mapping[str, Any]

    @cached_property
    def _kinds(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        return [
            (
                frozenset(map(str, sequence(entry.get("apiGroups")))) or frozenset("*"),
                frozenset(map(str, sequence(entry.get("kinds")))) or frozenset("*"),
            )
            for entry in map(mapping, sequence(self.raw.get("kinds")))
        ]

    @cached_property
    def _known_kinds(self) -> dict[tuple[str, str], bool]:
        return {}

    def applies(self, manifest: Manifest, view: ClusterView) -> bool:
        """Whether the object is to be reviewed.

        Raises:
            UnknownNamespaceError: that depends on labels of a namespace that nobody gave.
            UnknownResourceError: that depends on the scope of a custom resource.
        """
        return (
            self.kind_matches(manifest.group, manifest.kind)
            and self.raw.get("source") != "Generated"
            and self._namespace_matches(manifest)
            and self._labels_match(manifest)
            and self._name_matches(manifest)
            and self._scope_matches(manifest, view)
            and self._namespace_labels_match(manifest, view)
        )

    @property
    def by_kinds(self) -> Match:
        """All that it might look at, where the rest of it is wrong."""
        return Match({"kinds": self.raw.get("kinds")})

    @property
    def described(self) -> list[str]:
        """`apps/Deployment`, or `*` for every group or kind."""
        return sorted(
            "/".join(filter(None, (str(group), str(kind))))
            for groups, kinds in self._kinds
            for group in groups
            for kind in kinds
        )

    @property
    def narrowed(self) -> dict[str, Any]:
        """Every field but the kinds, as it is written."""
        return {field: value for field, value in self.raw.items() if field != "kinds"}

    def kind_matches(self, group: str, kind: str) -> bool:
        known = self._known_kinds.get((group, kind))
        if known is None:
            known = not self._kinds or any(
                groups & {"*", group} and kinds & {"*", kind} for groups, kinds in self._kinds
            )
            self._known_kinds[group, kind] = known
        return known

    def _scope_matches(self, manifest: Manifest, view: ClusterView) -> bool:
        scope = self.raw.get("scope")
        if scope not in {"Cluster", "Namespaced"}:
            return True
        is_wide = is_namespace(manifest) or view.is_cluster_wide(manifest)
        if is_wide is None:
            raise UnknownResourceError(manifest.group, manifest.kind)
        return is_wide is (scope == "Cluster")

    def _namespace_matches(self, manifest: Manifest) -> bool:
        name = manifest.name if is_namespace(manifest) else manifest.namespace
        if not name:
            return True
        wanted = sequence(self.raw.get("namespaces"))
        excluded = sequence(self.raw.get("excludedNamespaces"))
        if wanted and not any(glob_matches(str(glob), name) for glob in wanted):
            return False
        return not any(glob_matches(str(glob), name) for glob in excluded)

    def _labels_match(self, manifest: Manifest) -> bool:
        selector = self.raw.get("labelSelector")
        return selector is None or matches(selector, labels_as_created(manifest))

    def _name_matches(self, manifest: Manifest) -> bool:
        pattern = self.raw.get("name")
        return not pattern or glob_matches(str(pattern), manifest.name)

    def _namespace_labels_match(self, manifest: Manifest, view: ClusterView) -> bool:
        selector = self.raw.get("namespaceSelector")
        if selector is None:
            return True
        if is_namespace(manifest):
            return matches(selector, labels_as_created(manifest))
        if not manifest.namespace:
            return True
        return matches(selector, labels_of_namespace(manifest.namespace, selector, view))
