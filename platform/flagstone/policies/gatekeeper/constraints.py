"""Constraints: a policy put to use, with its parameters, its match and its enforcement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from flagstone.policies.gatekeeper.defaults import with_defaults
from flagstone.policies.gatekeeper.errors import InvalidParameters, PolicyError
from flagstone.policies.gatekeeper.matching import Match, Matching
from flagstone.policies.gatekeeper.refusals import refusal
from flagstone.policies.gatekeeper.schemas import MATCH, first_problem
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.selectors import selector_fault

GROUP = "constraints.gatekeeper.sh"
Enforcement = Literal["deny", "warn", "dryrun"]
_STRICTEST_FIRST: tuple[Enforcement, ...] = ("deny", "warn", "dryrun")
# Where a scoped action counts for us; an action of the audit alone never stops anybody.
_POINTS = {"*", "validation.gatekeeper.sh", "gator.gatekeeper.sh"}
_GENERATED = "vap.k8s.io"  # enforced by the API server, where the template makes a policy for it


@dataclass(frozen=True, slots=True)
class Action:
    """What happens on a violation; `points` are the enforcement points that it is scoped to, if it is."""

    name: str
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint that the cluster would accept; `parameters` is None where it has none."""

    manifest: Manifest
    kind: str
    name: str
    enforcement: Enforcement
    match: Matching
    parameters: Any

    @property
    def actions(self) -> tuple[Action, ...]:
        """Every action as it is written: of a scoped constraint, or of a binding, there may be several."""
        spec = self.manifest.spec
        if spec.get("enforcementAction") == "scoped":
            entries = map(mapping, sequence(spec.get("scopedEnforcementActions")))
            return tuple(Action(str(each.get("action")), tuple(_points(each))) for each in entries)
        named = sequence(spec.get("validationActions")) or [self.enforcement]
        return tuple(Action(str(name)) for name in named)

    @property
    def is_for_gator(self) -> bool:
        """Whether a Suite sees what it finds: scoped actions may leave gator out."""
        if self.manifest.spec.get("enforcementAction") != "scoped":
            return True
        return bool(list(_scoped_actions(self.manifest, {"*", "gator.gatekeeper.sh"})))


def read_constraint(
    manifest: Manifest, schema: dict[str, Any], *, generates_admission_policy: bool = False
) -> Constraint:
    """Check a constraint as the cluster does, and fill in the defaults of its template's schema.

    Args:
        manifest: the constraint.
        schema: that of the parameters, from its template.
        generates_admission_policy: whether the API server enforces the template too.

    Raises:
        PolicyError: it would be refused.
    """
    if manifest.version not in {"v1beta1", "v1alpha1"}:
        raise refusal(
            manifest, f"constraints have no {manifest.version}; use {GROUP}/v1beta1", "apiVersion"
        )
    if not manifest.name:
        raise refusal(manifest, "metadata.name is missing", "metadata")
    if fault := match_fault(manifest):
        raise fault
    parameters = manifest.spec.get("parameters")
    if "spec" in manifest.raw:  # where there is none, the API server fills nothing in
        field = {"properties": {"parameters": schema}}
        parameters = with_defaults({"parameters": parameters}, field)["parameters"]
    if parameters is not None and (fault := _fault(manifest, "parameters", schema, parameters)):
        raise fault
    return Constraint(
        manifest,
        manifest.kind,
        manifest.name,
        _enforcement(manifest, _POINTS | ({_GENERATED} if generates_admission_policy else set())),
        Match(mapping(manifest.spec.get("match"))),
        parameters,
    )


def match_fault(manifest: Manifest) -> PolicyError | None:
    """Why the cluster refuses the match of a constraint; None if it does not."""
    match = manifest.spec.get("match")
    if fault := _fault(manifest, "match", MATCH, match):
        return fault
    for selector in ("labelSelector", "namespaceSelector"):
        if reason := selector_fault(mapping(match).get(selector)):
            return refusal(manifest, f"spec.match.{selector}: {reason}", "spec", "match", selector)
    return None


def _fault(
    manifest: Manifest, field: str, schema: dict[str, Any], value: Any
) -> PolicyError | None:
    """What is wrong with a field of the spec, held against a schema."""
    problem = first_problem(value, schema) if value is not None and schema else None
    if problem is None:
        return None
    keys, reason = problem
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    said = f"spec.{field}{place}: {reason}"
    return refusal(manifest, said, "spec", field, *keys, error=InvalidParameters)


def _enforcement(manifest: Manifest, points: set[str]) -> Enforcement:
    action = manifest.spec.get("enforcementAction") or "deny"
    actions = set(_scoped_actions(manifest, points)) if action == "scoped" else {action}
    unknown = sorted(str(found) for found in actions if found not in _STRICTEST_FIRST)
    if unknown:
        reason = f"enforcementAction {unknown[0]} does not exist: deny, warn, dryrun or scoped"
        raise refusal(manifest, reason, "spec", "enforcementAction")
    return next((known for known in _STRICTEST_FIRST if known in actions), "dryrun")


def _scoped_actions(manifest: Manifest, wanted: set[str]) -> Iterator[Any]:
    for entry in map(mapping, sequence(manifest.spec.get("scopedEnforcementActions"))):
        if not wanted.isdisjoint(_points(entry)):
            yield entry.get("action")


def _points(entry: dict[str, Any]) -> list[str]:
    points = map(mapping, sequence(entry.get("enforcementPoints")))
    return [str(point.get("name")) for point in points]
