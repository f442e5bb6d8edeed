"""Where an object has to be, and what it has to be called, for a constraint to look at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.matching import glob_matches
from flagstone.policies.manifests.namespaces import NAME_LABEL, namespace_with
from flagstone.policies.manifests.objects import mapping, sequence, text_map

_LIKELY = ("payments", "checkout", "orders-prod", "prod", "team-a")


@dataclass(frozen=True, slots=True)
class Place:
    """A name, a namespace and labels."""

    name: str
    namespace: str
    labels: dict[str, str]
    namespace_labels: dict[str, str]

    @property
    def view(self) -> ClusterView:
        """The cluster with its namespace."""
        found = namespace_with(self.namespace, self.namespace_labels)
        return ClusterView({self.namespace: found})


def place_for(match: Mapping[str, Any]) -> Place:
    """A place that a match accepts, as far as one can be made up."""
    names = list(_names(match.get("name")))
    namespace = _namespace(match)
    return Place(
        name=names[0] if names else "checkout",
        namespace=namespace,
        labels=_labels(match.get("labelSelector")),
        namespace_labels=_labels(match.get("namespaceSelector")) | {NAME_LABEL: namespace},
    )


def _namespace(match: Mapping[str, Any]) -> str:
    wanted = [name for glob in sequence(match.get("namespaces")) for name in _names(glob)]
    wanted += _named_by_label(match.get("namespaceSelector"))
    excluded = [str(glob) for glob in sequence(match.get("excludedNamespaces"))]
    candidates = wanted or list(_LIKELY)
    fits = (name for name in candidates if not any(glob_matches(glob, name) for glob in excluded))
    return next(fits, candidates[0])


def _named_by_label(selector: Any) -> list[str]:
    name = _labels(selector).get(NAME_LABEL)
    return [name] if name else []


def _names(glob: Any) -> Iterator[str]:
    """Names that a glob of Gatekeeper matches."""
    text = str(glob or "")
    if text.strip("*"):
        yield text.replace("*", "payments")
    elif text:
        yield from _LIKELY


def _labels(selector: Any) -> dict[str, str]:
    """The fewest labels that a selector matches."""
    found = text_map(mapping(selector).get("matchLabels"))
    for expression in map(mapping, sequence(mapping(selector).get("matchExpressions"))):
        key, values = str(expression.get("key")), sequence(expression.get("values"))
        if expression.get("operator") == "In" and values:
            found.setdefault(key, str(values[0]))
        elif expression.get("operator") == "Exists":
            found.setdefault(key, "true")
    return found
