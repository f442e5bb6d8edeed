"""AC: the Argo CD Application that deploys the service, and what it must leave alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.documents import embedded_mapping
from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.argocd.argo_applications import Application
from flagstone.scorecards.engine.argocd.ignored_differences import (
    IgnoredDifference,
    ignored_differences,
    left_alone,
)
from flagstone.scorecards.engine.argocd.jq_paths import Place
from flagstone.scorecards.engine.checks.release.routed_virtual_services import (
    RoutedVirtualService,
    routed,
)
from flagstone.scorecards.engine.mesh import gets_sidecars, is_ambient
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.relations import ISTIO
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NONE = "no Argo CD Application for the service is in the input"
_NOT_APPLICABLE = "No Argo CD Application for the service is in the input."
_IN_VIEW = unrendered("The Application is")
_BUILT_IN_GROUPS = frozenset(
    {"", "apps", "autoscaling", "batch", "policy", "networking.k8s.io", "rbac.authorization.k8s.io"}
)
_CUSTOM = "resource.customizations.ignoreDifferences."
_ROLLOUTS = frozenset({"rollouts-controller"})
_SCALERS = frozenset({"kube-controller-manager"})


@check(
    id="AC-02",
    name="Git is what runs: prune and self-heal",
    severity=Severity.M,
    rule="syncPolicy.automated must be there, its `enabled` not false, and prune and selfHeal both true. An "
    "Application whose name, namespace, paths and labels of the environment speak of another environment "
    "than production may be synced by hand.",
    why="Without self-heal a change made by hand stays; without prune what was deleted in Git runs "
    "on: the cluster is no longer what was reviewed.",
    remedy="Set syncPolicy.automated.prune and selfHeal to true.",
    not_applicable="No Argo CD Application for the service is in the input, or one that is not "
    "for production is synced by hand.",
    no_data=_IN_VIEW,
)
def automated(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for application in service.applications:
        manifest, keys = application.manifest, (*application.base, "syncPolicy", "automated")
        found = manifest.at(*keys)
        if not isinstance(found, dict) or found.get("enabled") is False:
            if application.is_production:
                findings.fault("it is synced by hand", manifest, *keys)
            continue
        findings.judged += 1
        off = [field for field in ("prune", "selfHeal") if found.get(field) is not True]
        if off:
            findings.fault(f"{' and '.join(off)} not on", manifest, *keys)
    return findings.verdict(
        "prune and self-heal are on",
        nothing="only what is not production is synced by hand" if service.applications else _NONE,
    )


def _ignored(application: Application) -> list[IgnoredDifference]:
    keys = (*application.base, "ignoreDifferences")
    return list(ignored_differences(application.spec.get("ignoreDifferences"), keys))


def _ignored_everywhere(service: ServiceView, target: Manifest) -> list[IgnoredDifference]:
    """What argocd-cm leaves alone for every Application, if it is in the input."""
    kinds = {"all": ("*", "*"), f"{target.group}_{target.kind}": (target.group, target.kind)}
    return [
        IgnoredDifference((), {"group": group, "kind": kind, **settings})
        for config in service.index.everywhere("", "ConfigMap", "argocd-cm")
        for name, (group, kind) in kinds.items()
        if (settings := embedded_mapping(dig(config.raw, "data", _CUSTOM + name)))
    ]


@check(
    id="AC-03",
    name="Argo CD leaves a running canary alone",
    severity=Severity.C,
    rule="Where an Application heals itself (automated.selfHeal true), its ignoreDifferences or those of "
    "argocd-cm for all must cover each weight that a Rollout of the service changes in a VirtualService, "
    "and the label rollouts-pod-template-hash in both subsets of its DestinationRule: by "
    f"jqPathExpressions, jsonPointers, or managedFieldsManagers with {', '.join(_ROLLOUTS)}. Where that "
    "VirtualService is not in the input, an entry for the kind is enough.",
    why="The Rollouts controller writes weights into the VirtualService while a canary runs; "
    "self-heal puts Git's weights back, and the canary gets no traffic or all of it.",
    remedy="Add ignoreDifferences for VirtualService (.spec.http[].route[].weight) and, with "
    'subset routing, for DestinationRule (.spec.subsets[].labels["rollouts-pod-template-hash"]).',
    not_applicable="No canary in a mesh, no Application in the input, or self-heal is off.",
    no_data=_IN_VIEW,
)
def leaves_canaries_alone(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    routes = [route for route in routed(service) if route.found]
    unrouted = [w for w in service.canaries if not w.subset_routing and w.serves]
    written = [
        *((route.found, "weights", _weights(route)) for route in routes),
        *((rule, "subset labels", labels) for rule, labels in _subset_labels(service)),
    ]
    for application in service.applications:
        if not application.self_heal:
            continue
        entries = _ignored(application)
        keys = (*application.base, "ignoreDifferences")
        for target, what, places in written:
            if target is None:
                continue
            findings.judged += 1
            every = (*entries, *_ignored_everywhere(service, target))
            if not left_alone(every, target, places, writers=_ROLLOUTS):
                message = f"self-heal resets the {what} of {target.ref} while a canary runs"
                findings.fault(message, application.manifest, *keys)
        if unrouted and service.mesh and not routes:
            findings.judged += 1
            if not any(entry.raw.get("kind") in {"VirtualService", "*"} for entry in entries):
                message = "self-heal will reset the weights of a canary that Istio routes"
                findings.fault(message, application.manifest, *keys)
    return findings.verdict(
        "weights and subset labels are left alone",
        nothing="no canary that Argo CD could disturb" if service.applications else _NONE,
    )


def _weights(route: RoutedVirtualService) -> list[Place]:
    """Where the controller writes weights: into the rules that the Rollout names, else into any that splits."""
    named: list[tuple[str, int, Any]] = [("http", i, rule) for i, rule in route.http_rules()]
    spec = route.found.spec if route.found else {}
    for protocol in ("tls", "tcp") if named else ("http", "tls", "tcp"):
        if named and not route.reference.get(f"{protocol}Routes"):
            continue
        named += [(protocol, i, rule) for i, rule in enumerate(sequence(spec.get(protocol)))]
    return [
        ("spec", protocol, i, "route", j, "weight")
        for protocol, i, rule in named
        for destinations in [sequence(mapping(rule).get("route"))]
        for j, item in enumerate(destinations)
        if len(destinations) > 1 or "weight" in mapping(item)
    ]


def _subset_labels(service: ServiceView) -> Iterator[tuple[Manifest, list[Place]]]:
    """Where the controller writes the pods' hash: into the two subsets that the Rollout names."""
    for workload in service.canaries:
        reference = mapping(dig(workload.subset_routing, "destinationRule"))
        if isinstance(name := reference.get("name"), str):
            names = [reference.get("canarySubsetName"), reference.get("stableSubsetName")]
            found = service.index.named(ISTIO, "DestinationRule", name, near=workload.manifest)
            for rule in found:
                yield (
                    rule,
                    [
                        ("spec", "subsets", i, "labels", "rollouts-pod-template-hash")
                        for i, subset in enumerate(sequence(rule.spec.get("subsets")))
                        if names == [None, None] or mapping(subset).get("name") in names
                    ],
                )


@check(
    id="AC-04",
    name="A change of a list is still applied",
    severity=Severity.H,
    rule="With the sync option RespectIgnoreDifferences=true no entry of ignoreDifferences, nor of those of "
    "argocd-cm for all, may be about a kind of a custom resource and lead into a list, name a value that "
    "is or holds a list, or go by managedFieldsManagers.",
    why="RespectIgnoreDifferences copies the ignored part of the live object into Git's version by "
    "merge patch, which replaces whole lists: no change of a timeout or retry is applied any more.",
    remedy="Drop RespectIgnoreDifferences=true and keep ignoreDifferences; use "
    "ApplyOutOfSyncOnly=true.",
    not_applicable=_NOT_APPLICABLE,
    no_data=_IN_VIEW,
)
def lists_are_applied(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for application in service.applications:
        findings.judged += 1
        if "RespectIgnoreDifferences=true" not in application.sync_options:
            continue
        entries = {entry.keys: entry for entry in _ignored(application)}
        for manifest in service.manifests:
            for entry in _ignored_everywhere(service, manifest):
                entries.setdefault((manifest.group, manifest.kind), entry)
        for entry in entries.values():
            custom = entry.raw.get("group", "") not in _BUILT_IN_GROUPS
            frozen = entry.reaches_into_a_list() or any(map(entry.names_a_list, service.manifests))
            if custom and frozen:
                kind = entry.raw.get("kind")
                message = f"RespectIgnoreDifferences=true freezes the lists of {kind}"
                findings.fault(message, application.manifest, *entry.keys)
    return findings.verdict("nothing freezes a list", nothing=_NONE)


@check(
    id="AC-05",
    name="Git leaves the number of pods to the autoscaler",
    severity=Severity.H,
    rule="A long-running workload that an autoscaler scales must leave spec.replicas out, or each Application "
    "of the service must ignore /spec/replicas of it, by ignoreDifferences or those of argocd-cm for all: "
    f"also by managedFieldsManagers with {', '.join(_SCALERS)}.",
    why="With replicas in Git, every sync puts the number back that the autoscaler has just raised: "
    "pods disappear in the middle of a peak.",
    remedy="Leave spec.replicas out of the workload that an autoscaler scales, or ignore "
    "/spec/replicas in the Application.",
    not_applicable="No autoscaler, or no Application in the input.",
    no_data=_IN_VIEW,
)
def replicas_are_left_out(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    scaled = [w.manifest for w in service.long_running if w.scalers]
    for application in service.applications:
        for manifest in scaled:
            findings.judged += 1
            entries = (*_ignored(application), *_ignored_everywhere(service, manifest))
            ignored = left_alone(entries, manifest, [("spec", "replicas")], writers=_SCALERS)
            if manifest.spec.get("replicas") is not None and not ignored:
                message = f"{manifest.ref} sets replicas, which its autoscaler owns"
                findings.fault(message, manifest, "spec", "replicas")
    return findings.verdict(
        "the autoscaler owns the number of pods",
        nothing="nothing here is scaled" if service.applications else _NONE,
    )


@check(
    id="AC-06",
    name="A namespace that Argo CD makes is in the mesh",
    severity=Severity.C,
    rule="Where an Application of a service in the mesh has CreateNamespace=true, "
    "syncPolicy.managedNamespaceMetadata.labels or the Namespace in the input must have istio-injection: "
    "enabled, istio.io/rev without istio-injection, or istio.io/dataplane-mode: ambient.",
    why="CreateNamespace makes a bare namespace: no sidecars, so no routing, no timeouts and no "
    "circuit breaker, although all of them are written down.",
    remedy="Set syncPolicy.managedNamespaceMetadata.labels with istio-injection: enabled (or "
    "istio.io/rev), or keep a Namespace manifest that has it.",
    not_applicable="No Application makes a namespace, or the service is not in a mesh.",
    no_data=_IN_VIEW,
)
def namespace_in_mesh(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for application in service.applications:
        if "CreateNamespace=true" not in application.sync_options or not service.mesh:
            continue
        findings.judged += 1
        known = service.surroundings.namespace_labels.get(application.namespace, {})
        places = (application.namespace_labels, known)
        if not any(gets_sidecars(labels) or is_ambient(labels) for labels in places):
            message = (
                f"namespace {application.namespace or 'of its destination'} is made without a "
                f"mesh label, and {service.mesh}"
            )
            findings.fault(message, application.manifest, *application.base, "syncPolicy")
    return findings.verdict(
        "the namespace is labelled for the mesh",
        nothing="no Application makes a namespace of the mesh" if service.applications else _NONE,
    )
