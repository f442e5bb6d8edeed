"""Which objects an admission policy judges: `matchConstraints` of it and `matchResources` of its binding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.matching import UnknownResourceError, labels_of_namespace
from flagstone.policies.manifests.kinds import Kinds
from flagstone.policies.manifests.known_kinds import KUBERNETES
from flagstone.policies.manifests.namespaces import is_namespace, labels_as_created
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.resources import resource_of
from flagstone.policies.manifests.selectors import matches

_ADMISSION = "admissionregistration.k8s.io"
# The API server does not let a policy judge what policies are made of: nobody could mend a wrong one.
_EXEMPT = frozenset(
    f"{kind}{part}"
    for kind in ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")
    for part in ("", "Binding")
) | {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}
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
    def by_rules(self) -> AdmissionMatch:
        """All that it might look at, where a selector of it is wrong."""
        selectors = {"namespaceSelector", "objectSelector"}
        parts = ({k: v for k, v in part.items() if k not in selectors} for part in self.parts)
        return AdmissionMatch(tuple(parts))

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

    def applies(self, manifest: Manifest, view: ClusterView) -> bool:
        """Whether the object is judged.

        Raises:
            UnknownNamespaceError: that depends on labels of a namespace that nobody gave.
            UnknownResourceError: that depends on the plural of a custom resource, or its scope.
        """
        if manifest.group == _ADMISSION and manifest.kind in _EXEMPT:
            return False
        if self.only_in and manifest.namespace != self.only_in:
            return False
        if manifest.namespace in self.not_in:
            return False
        agreed = _all(_agrees(part, manifest, view.kinds) for part in self.parts)
        judged = agreed is not False and all(
            _in_namespace(part.get("namespaceSelector"), manifest, view) for part in self.parts
        )
        if judged and agreed is None:
            raise UnknownResourceError(manifest.group, manifest.kind)
        return judged


def _all(parts: Iterable[bool | None]) -> bool | None:
    """Whether all hold: None where that hangs on parts of which it is not known."""
    found = set(parts)
    return None if None in found and False not in found else False not in found


def _any(parts: Iterable[bool | None]) -> bool | None:
    found = set(parts)
    return True if True in found else None if None in found else False


def _not(part: bool | None) -> bool | None:  # noqa: FBT001 - what is negated
    return None if part is None else not part


def _agrees(part: Mapping[str, Any], manifest: Manifest, kinds: Kinds) -> bool | None:
    selector = part.get("objectSelector")
    if selector and not matches(selector, labels_as_created(manifest)):
        return False
    exact = part.get("matchPolicy") == "Exact"
    meant, excluded = (
        _any(_holds(rule, manifest, kinds, exact=exact) for rule in _rules(part, name))
        for name in ("resourceRules", "excludeResourceRules")
    )
    return _all([meant if part.get("resourceRules") else True, _not(excluded)])


def _in_namespace(selector: Any, manifest: Manifest, view: ClusterView) -> bool:
    if not selector:
        return True
    if is_namespace(manifest):
        return matches(selector, labels_as_created(manifest))
    if view.kinds.is_cluster_wide(manifest):
        return True
    return matches(selector, labels_of_namespace(manifest.namespace, selector, view))


def _rules(part: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return [mapping(rule) for rule in sequence(part.get(key))]


def _may_name(rule: Mapping[str, Any], group: str, kind: str) -> bool:
    """Whether a rule may mean a kind; what a custom one is called, only a view of the cluster tells."""
    return _has(rule, "apiGroups", group) and any(
        group not in KUBERNETES or name in {"*", resource_of(kind)} for name in _whole(rule)
    )


def _names(rule: Mapping[str, Any], group: str, kind: str, kinds: Kinds) -> bool | None:
    if not _has(rule, "apiGroups", group):
        return False
    groups = [str(each) for each in sequence(rule.get("apiGroups"))]
    return _any(
        name == "*" or kinds.is_called(name, (group, kind), groups) for name in _whole(rule)
    )


def _whole(rule: Mapping[str, Any]) -> Iterator[str]:
    """The resources that are asked for themselves, not a part of them such as `pods/exec`."""
    for resource in sequence(rule.get("resources")):
        name, _, part = str(resource).partition("/")
        if part in {"", "*"}:
            yield name


def _has(rule: Mapping[str, Any], key: str, value: str) -> bool:
    wanted = sequence(rule.get(key))
    return "*" in wanted or value in wanted


def _holds(
    rule: Mapping[str, Any], manifest: Manifest, kinds: Kinds, *, exact: bool
) -> bool | None:
    only = sequence(rule.get("resourceNames"))
    if (
        not _has(rule, "operations", _OPERATION)
        or (exact and not _has(rule, "apiVersions", manifest.version))
        or (only and manifest.name not in only)
    ):
        return False
    return _all(
        [
            _names(rule, manifest.group, manifest.kind, kinds),
            _in_scope(rule.get("scope"), manifest, kinds),
        ]
    )


def _in_scope(scope: Any, manifest: Manifest, kinds: Kinds) -> bool | None:
    if scope not in {"Cluster", "Namespaced"}:
        return True
    is_wide = kinds.is_cluster_wide(manifest)
    return None if is_wide is None else is_wide is (scope == "Cluster")
