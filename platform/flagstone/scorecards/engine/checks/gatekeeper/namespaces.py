"""GK: the namespaces in which a constraint applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flagstone.policies.gatekeeper.matching import glob_matches
from flagstone.policies.manifests.namespaces import NAME_LABEL
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.resources import is_cluster_wide
from flagstone.policies.manifests.selectors import matches
from flagstone.scorecards.engine.argocd import argo_applications
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.subjects.policies_in_view import constraints_of
from flagstone.scorecards.engine.trials import objects
from flagstone.scorecards.engine.trials.places import place_for

_SYSTEM = "kube-system"
_ITS_KINDS = (*objects.APPS, *objects.JOBS, "Pod")


@check(
    id="GK-07",
    name="A constraint applies where the services are, and not to the cluster itself",
    severity=Severity.H,
    rule=f"No constraint may match workloads or Pods of {_SYSTEM}, unless Gatekeeper's own Config leaves that out "
    "for all (one that only warns or is dryrun gets a warning). Some namespace that the input shows, by an "
    "Application, a Namespace or a workload, must carry the labels that namespaceSelector asks for, and one "
    f"must be in `namespaces` and not excluded again. Selectors that only exclude, or that go by {NAME_LABEL}, "
    "need no label.",
    why="A namespaceSelector that no namespace carries, or a list of namespaces that do not exist, "
    "switches the policy off without a word; a "
    "policy that refuses Pods of kube-system takes the cluster down with it.",
    remedy='Exclude the system namespaces (excludedNamespaces: ["kube-*", gatekeeper-system]), and '
    "give the services' namespaces the selector's labels: managedNamespaceMetadata.labels of their "
    "Applications, or a Namespace manifest.",
    not_applicable="No constraint of Gatekeeper is among the files.",
    no_data="A constraint selects namespaces by a label or by name, and no Application or Namespace "
    "in the input says which there are: score a folder that holds them too.",
)
def namespaces(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for constraint in constraints_of(service):
        findings.judged += 1
        _check_system(service, constraint, findings)
        _check_names(service, constraint, findings)
        selector = mapping(constraint.spec.get("match")).get("namespaceSelector")
        if isinstance(selector, dict) and not _selects_anyway(selector):
            _check_selector(service, constraint, selector, findings)
    return findings.verdict(
        "each applies to the services' namespaces, and leaves the system's alone",
        nothing="no constraint of Gatekeeper is among its files",
    )


def _check_system(service: ServiceView, constraint: Manifest, findings: Findings) -> None:
    match = mapping(constraint.spec.get("match"))
    place = replace(place_for(match), namespace=_SYSTEM, namespace_labels={NAME_LABEL: _SYSTEM})
    hit = next((kind for kind in _ITS_KINDS if objects.looked_at(match, kind, place)), "")
    if not hit or _exempt(service):
        return
    message = f"{constraint.ref} judges the {hit}s of {_SYSTEM} too: exclude the system namespaces"
    keys = ("spec", "match")
    if constraint.spec.get("enforcementAction") in {"warn", "dryrun"}:
        findings.warn(message, constraint, *keys)
    else:
        findings.fault(message, constraint, *keys)


def _exempt(service: ServiceView) -> bool:
    """Whether Gatekeeper's own Config leaves the system namespaces alone for every constraint."""
    for config in service.index.of_kind("Config", "config.gatekeeper.sh"):
        for entry in map(mapping, sequence(config.spec.get("match"))):
            globs = map(str, sequence(entry.get("excludedNamespaces")))
            asked = {str(process) for process in sequence(entry.get("processes"))}
            if asked & {"*", "webhook"} and any(glob_matches(glob, _SYSTEM) for glob in globs):
                return True
    return False


def _selects_anyway(selector: dict[str, object]) -> bool:
    """Whether it needs no label that somebody has to set: it excludes, or names namespaces."""
    needed = set(mapping(selector.get("matchLabels")))
    for expression in map(mapping, sequence(selector.get("matchExpressions"))):
        if expression.get("operator") not in {"NotIn", "DoesNotExist"}:
            needed.add(str(expression.get("key")))
    return needed <= {NAME_LABEL}


def _check_selector(
    service: ServiceView, constraint: Manifest, selector: dict[str, object], findings: Findings
) -> None:
    wanted = place_for({"namespaceSelector": selector}).namespace_labels
    services, others = _labelled(service)
    for labels in (*services.values(), *others.values()):
        if matches(selector, {k: _settled(v, wanted.get(k)) for k, v in labels.items()}):
            return
    keys = ("spec", "match", "namespaceSelector")
    needs = ", ".join(f"{key}={value}" for key, value in wanted.items() if key != NAME_LABEL)
    if not services or service.surroundings.snapshot.unrendered:
        message = (
            f"{constraint.ref} needs namespaces with {needs}; what labels they have is not known"
        )
        findings.cannot_tell(message, constraint, *keys)
        return
    message = (
        f"{constraint.ref} never applies: no namespace of the services carries {needs} "
        f"(looked at: {', '.join(sorted(services)[:5])})"
    )
    findings.missing(message, constraint, *keys)


def _check_names(service: ServiceView, constraint: Manifest, findings: Findings) -> None:
    """Whether some namespace has a name that the constraint lists, and does not exclude again."""
    match = mapping(constraint.spec.get("match"))
    wanted = [str(glob) for glob in sequence(match.get("namespaces"))]
    if not wanted or _is_about_the_cluster(match):
        return
    excluded = [str(glob) for glob in sequence(match.get("excludedNamespaces"))]
    services, others = _labelled(service)
    destinations = _destinations(service)
    known = {*services, *others, *service.index.namespaces, *destinations} - {""}
    for name in known:
        listed = any(glob_matches(glob, name) for glob in wanted)
        if listed and not any(glob_matches(glob, name) for glob in excluded):
            return
    keys = ("spec", "match", "namespaces")
    listed_names = ", ".join(wanted[:5])
    if not services or "" in destinations or service.surroundings.snapshot.unrendered:
        message = (
            f"{constraint.ref} is for the namespaces {listed_names}; which there are is not known"
        )
        findings.cannot_tell(message, constraint, *keys)
        return
    message = (
        f"{constraint.ref} never applies: there is no namespace {listed_names} that it does not "
        f"exclude (looked at: {', '.join(sorted(known)[:5])})"
    )
    findings.missing(message, constraint, *keys)


def _is_about_the_cluster(match: Mapping[str, Any]) -> bool:
    """Whether it is for objects without a namespace, which no list of namespaces leaves out."""
    entries = [mapping(entry) for entry in sequence(match.get("kinds"))]
    kinds = [str(kind) for entry in entries for kind in sequence(entry.get("kinds"))]
    return match.get("scope") == "Cluster" or any(
        kind != "Namespace" and is_cluster_wide(kind, "") for kind in kinds
    )


def _destinations(service: ServiceView) -> set[str]:
    """The namespaces into which Argo CD puts something; "" for one that a generator fills in."""
    return {
        argo_applications.application(manifest).namespace
        for kind in argo_applications.KINDS
        for manifest in service.index.of_kind(kind, argo_applications.GROUP)
    }


def _settled(value: str, wanted: str | None) -> str:
    """A label's value; one that a generator fills in may be the one that is wanted."""
    return wanted if wanted is not None and "{{" in value else value


_Labels = dict[str, dict[str, str]]


def _labelled(service: ServiceView) -> tuple[_Labels, _Labels]:
    """The labels of the services' namespaces by name, or by who makes them; and those of others."""
    given = service.surroundings.namespace_labels
    made: _Labels = {}
    for kind in argo_applications.KINDS:
        for manifest in service.index.of_kind(kind, argo_applications.GROUP):
            application = argo_applications.application(manifest)
            labels = application.namespace_labels
            if labels or "CreateNamespace=true" in application.sync_options:
                name = application.namespace or manifest.ref
                made[name] = made.get(name, {}) | labels
    used = {workload.namespace for workload in service.relations.workloads}
    theirs = {*made, *(given.keys() & used)}
    named = {
        name: made.get(name, {}) | given.get(name, {}) | {NAME_LABEL: name}
        for name in {*theirs, *given}
    }
    return (
        {name: labels for name, labels in named.items() if name in theirs},
        {name: labels for name, labels in named.items() if name not in theirs},
    )
