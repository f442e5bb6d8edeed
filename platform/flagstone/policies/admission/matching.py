"""Which objects an admission policy judges: `matchConstraints` of it and `matchResources` of its binding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.policies.gatekeeper.matching import (
    NamespaceLabels,
    UnknownResourceError,
    labels_of_namespace,
)
from flagstone.policies.manifests.namespaces import is_namespace, labels_as_created
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.resources import is_cluster_wide, resource_of
from flagstone.policies.manifests.selectors import matches

_ADMISSION = "admissionregistration.k8s.io"
# The API server does not let a policy judge what policies are made of: nobody could mend a wrong one.
_EXEMPT = frozenset(
    f"{kind}{part}"
    for kind in ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")
    for part in ("", "Binding")
) | {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}
_Names = Callable[[Mapping[str, Any], str, str], bool]
_OPERATION = "CREATE"  # what a manifest that stands in a repository will be


@dataclass(frozen=True, slots=True)
class AdmissionMatch:
    """The parts that all have to agree.

    Attributes:
        parts: `matchConstraints` and, where it is given, `matchResources`.
        only_in: the namespace of the parameters, where they are those of the object's namespace.
        not_in: namespaces that have parameters of their own.
    """

    parts: tuple[Mapping[str, Any], ...]
    only_in: str = ""
    not_in: frozenset[str] = frozenset()

    @property
    def described(self) -> list[str]:
        """The resources of the policy's rules: `apps/deployments`."""
        return sorted(
            "/".join(filter(None, (str(group), str(resource))))
            for rule in _rules(self.parts[0] if self.parts else {}, "resourceRules")
            for group in sequence(rule.get("apiGroups"))
            for resource in sequence(rule.get("resources"))
        )

    @property
    def narrowed(self) -> dict[str, Any]:
        """The fields of both parts as they are written, and the namespaces of the parameters."""
        names = ("matchConstraints", "matchResources")
        found: dict[str, Any] = {
            f"{name}.{field}": value
            for name, part in zip(names, self.parts, strict=False)
            for field, value in part.items()
        }
        if self.only_in:
            found["namespace of the parameters"] = self.only_in
        if self.not_in:
            found["not in namespaces with parameters"] = sorted(self.not_in)
        return found

    def kind_matches(self, group: str, kind: str) -> bool:
        return all(
            not part.get("resourceRules")
            or any(_may_name(rule, group, kind) for rule in _rules(part, "resourceRules"))
            for part in self.parts
        )

    def applies(self, manifest: Manifest, namespace_labels: NamespaceLabels) -> bool:
        """Whether the object is judged.

        Raises:
            UnknownNamespaceError: that depends on labels of a namespace that nobody gave.
            UnknownResourceError: that depends on the plural of a custom resource.
        """
        if manifest.group == _ADMISSION and manifest.kind in _EXEMPT:
            return False
        if self.only_in and manifest.namespace != self.only_in:
            return False
        if manifest.namespace in self.not_in:
            return False
        surely = all(_agrees(part, manifest, _names) for part in self.parts)
        if not surely and not all(_agrees(part, manifest, _may_name) for part in self.parts):
            return False
        judged = all(
            _in_namespace(part.get("namespaceSelector"), manifest, namespace_labels)
            for part in self.parts
        )
        if judged and not surely:
            raise UnknownResourceError(manifest.group, manifest.kind)
        return judged


def _agrees(part: Mapping[str, Any], manifest: Manifest, names: _Names) -> bool:
    exact = part.get("matchPolicy") == "Exact"
    rules = _rules(part, "resourceRules")
    excluded = _rules(part, "excludeResourceRules")
    selector = part.get("objectSelector")
    return (
        (
            not part.get("resourceRules")
            or any(_holds(rule, manifest, names, exact=exact) for rule in rules)
        )
        and not any(_holds(rule, manifest, _names, exact=exact) for rule in excluded)
        and (not selector or matches(selector, labels_as_created(manifest)))
    )


def _in_namespace(selector: Any, manifest: Manifest, known: NamespaceLabels) -> bool:
    if not selector:
        return True
    if is_namespace(manifest):
        return matches(selector, labels_as_created(manifest))
    if is_cluster_wide(manifest.kind, manifest.namespace):
        return True
    return matches(selector, labels_of_namespace(manifest.namespace, selector, known))


def _rules(part: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return [mapping(rule) for rule in sequence(part.get(key))]


def _names(rule: Mapping[str, Any], group: str, kind: str) -> bool:
    return _has(rule, "apiGroups", group) and any(
        _is_resource(str(resource), kind) for resource in sequence(rule.get("resources"))
    )


def _may_name(rule: Mapping[str, Any], group: str, kind: str) -> bool:
    """As `_names`, or by a plural that no kind has by rule: whose it is, only a definition tells."""
    if _names(rule, group, kind):
        return True
    is_custom = "." in group and not group.endswith(".k8s.io")
    return (
        is_custom
        and _has(rule, "apiGroups", group)
        and any(
            part in {"", "*"} and name != "*" and not name.endswith("s")
            for name, _, part in (
                str(each).partition("/") for each in sequence(rule.get("resources"))
            )
        )
    )


def _is_resource(resource: str, kind: str) -> bool:
    """The object itself is asked for, not a part of it such as `pods/exec`."""
    name, _, part = resource.partition("/")
    return name in {"*", resource_of(kind)} and part in {"", "*"}


def _has(rule: Mapping[str, Any], key: str, value: str) -> bool:
    wanted = sequence(rule.get(key))
    return "*" in wanted or value in wanted


def _holds(rule: Mapping[str, Any], manifest: Manifest, names: _Names, *, exact: bool) -> bool:
    only = sequence(rule.get("resourceNames"))
    return (
        names(rule, manifest.group, manifest.kind)
        and _has(rule, "operations", _OPERATION)
        and (not exact or _has(rule, "apiVersions", manifest.version))
        and (not only or manifest.name in only)
        and _in_scope(rule.get("scope"), manifest)
    )


def _in_scope(scope: Any, manifest: Manifest) -> bool:
    if scope not in {"Cluster", "Namespaced"}:
        return True
    return is_cluster_wide(manifest.kind, manifest.namespace) is (scope == "Cluster")
