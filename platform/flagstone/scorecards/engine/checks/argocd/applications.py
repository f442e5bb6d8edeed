"""AC: the Argo CD Application that deploys the service, and what it must leave alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig
from flagstone.scorecards.engine.argocd.argo_applications import Application
from flagstone.scorecards.engine.argocd.ignored_differences import (
    IgnoredDifference,
    covers_subset_labels,
    covers_weights,
    ignored_differences,
)
from flagstone.scorecards.engine.checks.release.routing import routed
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.relations import ISTIO
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NONE = "no Argo CD Application for the service is in the input"
_NOT_APPLICABLE = "No Argo CD Application for the service is in the input."
_IN_VIEW = "The Application is in a source that could not be rendered."
_BUILT_IN_GROUPS = frozenset(
    {"", "apps", "autoscaling", "batch", "policy", "networking.k8s.io", "rbac.authorization.k8s.io"}
)
_MESH_LABELS = ("istio-injection", "istio.io/rev", "istio.io/dataplane-mode")


@check(
    id="AC-02",
    name="Git is what runs: prune and self-heal",
    severity=Severity.M,
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


@check(
    id="AC-03",
    name="Argo CD leaves a running canary alone",
    severity=Severity.C,
    why="The Rollouts controller writes weights into the VirtualService while a canary runs; "
    "self-heal puts Git's weights back, and the canary gets no traffic or all of it.",
    remedy="Add ignoreDifferences for VirtualService (.spec.http[].route[].weight) and, with "
    'subset routing, for DestinationRule (.spec.subsets[].labels["rollouts-pod-template-hash"]).',
    not_applicable="No canary in a mesh, no Application in the input, or self-heal is off.",
    no_data=_IN_VIEW,
)
def leaves_canaries_alone(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    routes = [route.found for route in routed(service) if route.found]
    unrouted = [w for w in service.canaries if not w.subset_routing and w.serves]
    rules = list(_subset_rules(service))
    for application in service.applications:
        if not application.self_heal:
            continue
        entries = _ignored(application)
        keys = (*application.base, "ignoreDifferences")
        for target, covers in (
            *((route, covers_weights) for route in routes),
            *((rule, covers_subset_labels) for rule in rules),
        ):
            findings.judged += 1
            system = _system_wide(service, target)
            if not any(covers(entry, target) for entry in (*entries, *system)):
                what = "weights" if covers is covers_weights else "subset labels"
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


def _subset_rules(service: ServiceView) -> Iterator[Manifest]:
    for workload in service.canaries:
        name = dig(workload.subset_routing, "destinationRule", "name")
        if isinstance(name, str):
            yield from service.index.named(ISTIO, "DestinationRule", name, near=workload.manifest)


def _system_wide(service: ServiceView, target: Manifest) -> list[IgnoredDifference]:
    """What argocd-cm leaves alone for every Application, if it is in the input."""
    field = f"resource.customizations.ignoreDifferences.{target.group}_{target.kind}"
    return [
        IgnoredDifference((), {"group": target.group, "kind": target.kind, **settings})
        for config in service.index.everywhere("", "ConfigMap", "argocd-cm")
        if (settings := service.surroundings.embedded_yaml(dig(config.raw, "data", field)))
    ]


@check(
    id="AC-04",
    name="A change of a list is still applied",
    severity=Severity.H,
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
        for entry in _ignored(application):
            custom = entry.raw.get("group", "") not in _BUILT_IN_GROUPS
            if custom and entry.reaches_into_a_list():
                message = (
                    f"RespectIgnoreDifferences=true freezes the lists of {entry.raw.get('kind')}"
                )
                findings.fault(message, application.manifest, *entry.keys)
    return findings.verdict("nothing freezes a list", nothing=_NONE)


@check(
    id="AC-05",
    name="Git leaves the number of pods to the autoscaler",
    severity=Severity.H,
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
        entries = _ignored(application)
        for manifest in scaled:
            findings.judged += 1
            ignored = any(
                entry.is_for(manifest)
                and (entry.covers_pointer("/spec/replicas") or ".spec.replicas" in entry.jq_paths)
                for entry in entries
            )
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
        if not _joins_mesh(application.namespace_labels) and not _joins_mesh(known):
            message = (
                f"namespace {application.namespace or 'of its destination'} is made without a "
                f"mesh label, and {service.mesh}"
            )
            findings.fault(message, application.manifest, *application.base, "syncPolicy")
    return findings.verdict(
        "the namespace is labelled for the mesh",
        nothing="no Application makes a namespace of the mesh" if service.applications else _NONE,
    )


def _joins_mesh(labels: dict[str, Any]) -> bool:
    values = [labels.get(label) for label in _MESH_LABELS]
    return any(value and value not in {"disabled", "none"} for value in values)
