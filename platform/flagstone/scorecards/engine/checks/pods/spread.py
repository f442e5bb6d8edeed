"""TS-01: pods over several zones, so that the loss of one is not the loss of the service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.objects import dig, mapping, sequence
from flagstone.policies.manifests.selectors import matches
from flagstone.policies.manifests.workloads import PodSpec
from flagstone.scorecards.engine.checks.pods.said_alike import NOT_IN_VIEW
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_HASH = "pod-template-hash"
_TERMS = (
    ("requiredDuringSchedulingIgnoredDuringExecution", ()),
    ("preferredDuringSchedulingIgnoredDuringExecution", ("podAffinityTerm",)),
)


@check(
    id="TS-01",
    name="Pods are spread over zones",
    severity=Severity.L,
    rule="Each long-running workload that keeps more than one pod, except DaemonSets and bare Pods, needs a "
    "topologySpreadConstraint or a podAntiAffinity, required or preferred, whose topologyKey has `zone` in "
    "its last part and whose labelSelector matches the pods' own labels. On a Rollout no constraint may "
    f"have {_HASH} in matchLabelKeys.",
    why="Pods that happen to be in one zone fail together with it. On a Rollout the label "
    "pod-template-hash is not there, so a constraint by it spreads old and new pods as one.",
    remedy="Add a topologySpreadConstraint (or a podAntiAffinity) with topologyKey "
    "topology.kubernetes.io/zone and a labelSelector of the pods; on a Rollout with matchLabelKeys "
    "[rollouts-pod-template-hash] or none.",
    not_applicable="Jobs, DaemonSets, single Pods, and workloads that run with one pod (PD-03).",
    no_data=NOT_IN_VIEW,
)
def over_zones(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.long_running:
        pods = workload.min_replicas
        if workload.manifest.kind in {"DaemonSet", "Pod"} or (pods is not None and pods <= 1):
            continue
        if workload.unresolved:
            findings.cannot_tell(workload.unresolved, workload.manifest, "spec", "workloadRef")
        if workload.pod:
            findings.judged += 1
            _check(workload, workload.pod, findings)
    return findings.verdict("pods are spread over zones", nothing="no workload with several pods")


def _check(workload: Workload, pod: PodSpec, findings: Findings) -> None:
    spread = [mapping(item) for item in sequence(pod.raw.get("topologySpreadConstraints"))]
    for position, constraint in enumerate(spread):
        if workload.is_rollout and _HASH in sequence(constraint.get("matchLabelKeys")):
            message = f"matchLabelKeys names {_HASH}, which the pods of a Rollout do not have"
            keys = ("topologySpreadConstraints", position, "matchLabelKeys")
            findings.faults.append(_fault(workload, pod, message, *keys))
    terms = [*spread, *_anti_affinities(pod)]
    over = [term for term in terms if "zone" in str(term.get("topologyKey")).rpartition("/")[2]]
    if not over:
        keys_used = sorted({str(term.get("topologyKey")) for term in terms})
        message = (
            f"they are spread by {', '.join(keys_used)} only" if terms else "nothing spreads them"
        )
        message = f"the pods of {workload.manifest.ref} may all be in one zone: {message}"
        findings.faults.append(_fault(workload, pod, message, "topologySpreadConstraints"))
    elif not any(_selects(term, pod) for term in over):
        message = "no labelSelector of what spreads them over zones matches the pods themselves"
        findings.faults.append(_fault(workload, pod, message, "topologySpreadConstraints"))


def _anti_affinities(pod: PodSpec) -> Iterator[dict[str, Any]]:
    rules = dig(pod.raw, "affinity", "podAntiAffinity")
    for field, inside in _TERMS:
        for item in sequence(dig(rules, field)):
            yield mapping(dig(item, *inside) if inside else item)


def _selects(term: dict[str, Any], pod: PodSpec) -> bool:
    selector = term.get("labelSelector")
    return isinstance(selector, dict) and matches(selector, pod.labels)


def _fault(workload: Workload, pod: PodSpec, message: str, *keys: str | int) -> Fault:
    about = "" if pod.holder is workload.manifest else workload.manifest.ref
    return Fault(message, pod.holder, (*pod.keys, *keys), about=about)
