"""Admission policies and their bindings, as policies of a set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.policies.admission.matching import AdmissionMatch
from flagstone.policies.engines.asking import Engine, Program
from flagstone.policies.gatekeeper.cel_sources import cel_source
from flagstone.policies.gatekeeper.constraints import Constraint, Enforcement
from flagstone.policies.gatekeeper.errors import NotEvaluated, PolicyError
from flagstone.policies.gatekeeper.policies import Policy, Refusing, Unusable
from flagstone.policies.gatekeeper.refusals import refusal
from flagstone.policies.gatekeeper.templates import Template
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.selectors import matches, selector_fault
from flagstone.policies.manifests.snapshot import Snapshot

GROUP = "admissionregistration.k8s.io"
POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
_VERSIONS = {"v1", "v1beta1", "v1alpha1"}
_ACTIONS: dict[str, Enforcement] = {"Deny": "deny", "Warn": "warn", "Audit": "dryrun"}


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A policy, compiled or not."""

    manifest: Manifest
    program: Program | PolicyError


def admission_policies(
    snapshot: Snapshot, engine: Engine, broken: list[PolicyError]
) -> Iterator[Policy | Refusing | Unusable]:
    """Every binding with its policy and each of its parameters.

    Args:
        snapshot: what holds them.
        engine: what compiles and evaluates them.
        broken: where to put why a policy cannot be used.
    """
    loaded: dict[str, _Loaded] = {}
    for manifest in snapshot.of_kind(POLICY, GROUP):
        try:
            loaded[manifest.name] = _Loaded(
                manifest, engine.compile(read_admission_policy(manifest))
            )
        except PolicyError as error:
            broken.append(error)
            loaded[manifest.name] = _Loaded(manifest, error)
    for binding in snapshot.of_kind(BINDING, GROUP):
        yield from _bound(binding, loaded, snapshot, broken)


def read_admission_policy(manifest: Manifest) -> Template:
    """Check a policy as the API server does when it is applied.

    Raises:
        PolicyError: it would be refused.
    """
    spec = manifest.spec
    if manifest.version not in _VERSIONS:
        raise refusal(
            manifest, f"a {POLICY} has no version {manifest.version}; use v1", "apiVersion"
        )
    if not manifest.name:
        raise refusal(manifest, "metadata.name is missing", "metadata")
    if not sequence(mapping(spec.get("matchConstraints")).get("resourceRules")):
        raise refusal(manifest, "spec.matchConstraints.resourceRules is missing", "spec")
    if fault := _selectors_fault(manifest, "matchConstraints"):
        raise fault
    if spec.get("failurePolicy", "Fail") not in {"Fail", "Ignore"}:
        raise refusal(manifest, "failurePolicy is Fail or Ignore", "spec", "failurePolicy")
    if not sequence(spec.get("validations")) and not sequence(spec.get("auditAnnotations")):
        raise refusal(manifest, "it has neither validations nor auditAnnotations", "spec")
    return Template(
        manifest,
        manifest.name,
        POLICY,
        {},
        cel_source(
            manifest,
            spec,
            ("spec",),
            in_gatekeeper=False,
            has_parameters=bool(mapping(spec.get("paramKind"))),
        ),
    )


def _selectors_fault(manifest: Manifest, part: str) -> PolicyError | None:
    for field in ("namespaceSelector", "objectSelector"):
        if fault := selector_fault(mapping(manifest.spec.get(part)).get(field)):
            return refusal(manifest, f"spec.{part}.{field}: {fault}", "spec", part, field)
    return None


def _bound(
    binding: Manifest,
    loaded: Mapping[str, _Loaded],
    snapshot: Snapshot,
    broken: list[PolicyError],
) -> Iterator[Policy | Refusing | Unusable]:
    spec = binding.spec
    name = str(spec.get("policyName") or "")
    policy = loaded.get(name)
    parts = [mapping(policy.manifest.spec.get("matchConstraints"))] if policy else []
    if own := mapping(spec.get("matchResources")):
        parts.append(own)
    match = AdmissionMatch(tuple(parts))
    if policy is None:
        reason = f"there is no {POLICY} called {name or '(spec.policyName is missing)'}"
        yield Unusable(binding, match, refusal(binding, reason, "spec", "policyName"))
    elif isinstance(policy.program, PolicyError):
        yield Unusable(binding, match.by_rules, policy.program)
    elif fault := _selectors_fault(binding, "matchResources"):
        yield Unusable(binding, match.by_rules, fault)
    else:
        try:
            bound = _Bound(binding, policy.program, _enforcement(binding))
            yield from _with_parameters(bound, policy.manifest, match, snapshot, broken)
        except PolicyError as error:
            yield Unusable(binding, match, error)


@dataclass(frozen=True, slots=True)
class _Bound:
    """A binding of a policy that compiles."""

    manifest: Manifest
    program: Program
    enforcement: Enforcement

    def policy(self, where: AdmissionMatch, parameters: Any) -> Policy:
        name = self.manifest.name
        constraint = Constraint(self.manifest, POLICY, name, self.enforcement, where, parameters)
        return Policy(constraint, self.program)


def _with_parameters(
    bound: _Bound,
    policy: Manifest,
    match: AdmissionMatch,
    snapshot: Snapshot,
    broken: list[PolicyError],
) -> Iterator[Policy | Refusing]:
    binding = bound.manifest
    kind = mapping(policy.spec.get("paramKind"))
    reference = mapping(binding.spec.get("paramRef"))
    if not kind:
        yield bound.policy(match, None)
        return
    if not reference:
        reason = f"the policy {policy.name} takes parameters; spec.paramRef is missing"
        raise refusal(binding, reason, "spec")
    found = _parameters(kind, reference, snapshot, binding)
    own_namespace = not reference.get("namespace")
    spaces = frozenset(m.namespace for m in found if own_namespace and m.namespace)
    for manifest in found:
        only = manifest.namespace if own_namespace else ""
        yield bound.policy(AdmissionMatch(match.parts, only_in=only), manifest.raw)
    if found and not (spaces and all(m.namespace for m in found)):
        return
    wanted = reference.get("name") or "of its selector"
    where = " in the namespace of the object" if spaces else ""
    missing = f"the {kind.get('kind')} {wanted} is not among the files{where}"
    if _lets_pass(policy, reference):
        reason = f"{missing}: objects that should be held against it pass ({_why_not(reference)})"
        broken.append(refusal(binding, reason, "spec", "paramRef", error=NotEvaluated))
        return
    yield Refusing(
        binding,
        AdmissionMatch(match.parts, not_in=spaces),
        policy.name,
        f"no params found for policy binding with `Deny` parameterNotFoundAction: {missing}",
    )


def _lets_pass(policy: Manifest, reference: Mapping[str, Any]) -> bool:
    """Whether objects pass without parameters; that there are none is a failure, under `Deny`."""
    ignored = policy.spec.get("failurePolicy") == "Ignore"
    return reference.get("parameterNotFoundAction") == "Allow" or ignored


def _why_not(reference: Mapping[str, Any]) -> str:
    allowed = reference.get("parameterNotFoundAction") == "Allow"
    return "parameterNotFoundAction: Allow" if allowed else "failurePolicy: Ignore"


def _parameters(
    kind: Mapping[str, Any], reference: Mapping[str, Any], snapshot: Snapshot, binding: Manifest
) -> list[Manifest]:
    name, selector = reference.get("name"), reference.get("selector")
    if (name is None) == (selector is None):
        raise refusal(binding, "paramRef takes either a name or a selector", "spec", "paramRef")
    if fault := selector_fault(selector):
        raise refusal(binding, f"paramRef.selector: {fault}", "spec", "paramRef", "selector")
    if reference.get("parameterNotFoundAction") not in {"Allow", "Deny"}:
        reason = "paramRef.parameterNotFoundAction is missing: Allow or Deny"
        raise refusal(binding, reason, "spec", "paramRef")
    space = reference.get("namespace")
    return [
        manifest
        for manifest in snapshot.of_kind(str(kind.get("kind")))
        if manifest.api_version == kind.get("apiVersion")
        and (manifest.name == name if name is not None else matches(selector, manifest.labels))
        and (not space or manifest.namespace in {"", space})
    ]


def _enforcement(binding: Manifest) -> Enforcement:
    actions = sequence(binding.spec.get("validationActions"))
    unknown = [action for action in actions if action not in _ACTIONS]
    if not actions or unknown:
        said = f" {unknown[0]} does not exist:" if unknown else " it is missing:"
        reason = f"validationActions:{said} Deny, Warn or Audit"
        raise refusal(binding, reason, "spec", "validationActions")
    if {"Deny", "Warn"} <= set(actions):
        reason = "validationActions: Deny and Warn together are refused"
        raise refusal(binding, reason, "spec", "validationActions")
    return next(known for action, known in _ACTIONS.items() if action in actions)
