"""PD: enough pods, and a budget that lets nodes be drained without an outage."""

from __future__ import annotations

import math
import re
from typing import Any

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.checks.pods.said_alike import BORROWED
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_PERCENT = re.compile(r"(\d+)%")
_UNRENDERED = unrendered("The workload or its autoscaler is")


def _drained(service: ServiceView) -> list[Workload]:
    """The workloads whose pods an eviction moves: a DaemonSet's are left where they are."""
    return [w for w in service.long_running if w.manifest.kind != "DaemonSet"]


def _budgets(workload: Workload) -> list[Manifest]:
    return workload.of_kind("PodDisruptionBudget")


@check(
    id="PD-01",
    name="Exactly one disruption budget covers the pods",
    severity=Severity.H,
    rule="Each long-running workload, except DaemonSets, that keeps more than one pod needs exactly one "
    "PodDisruptionBudget whose selector matches its pods' labels, of policy/v1. How many it keeps is the "
    "minimum of its autoscaler, else `replicas`, else 1.",
    why="Without one a node drain may evict every pod at once; with two that match the same pod "
    "the eviction API refuses all evictions.",
    remedy="Add one policy/v1 PodDisruptionBudget whose selector matches the pods' labels.",
    not_applicable="Jobs, DaemonSets, and workloads with a single pod (PD-03 says so).",
    no_data=f"{BORROWED} Or {unrendered('the workload or its budget is')}",
)
def one_budget(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in _drained(service):
        if workload.min_replicas is not None and workload.min_replicas <= 1:
            continue
        findings.judged += 1
        budgets = _budgets(workload)
        if workload.unresolved:
            findings.cannot_tell(workload.unresolved, workload.manifest, "spec", "workloadRef")
        elif not budgets:
            message = f"no PodDisruptionBudget covers the pods of {workload.manifest.ref}"
            findings.missing(message, workload.manifest)
        if len(budgets) > 1:
            names = ", ".join(budget.name for budget in budgets)
            message = f"several budgets cover the same pods ({names}), so no pod can be evicted"
            findings.fault(message, budgets[0], "spec", "selector")
        for budget in budgets:
            if budget.version != "v1":
                message = f"{budget.api_version} was removed in Kubernetes 1.25: use policy/v1"
                findings.fault(message, budget, "apiVersion")
    return findings.verdict(
        "one budget covers the pods", nothing="no workload with more than one pod"
    )


@check(
    id="PD-02",
    name="The budget allows a disruption",
    severity=Severity.H,
    rule="Each budget must set exactly one of maxUnavailable and minAvailable, as a whole number or as a "
    "percentage of the fewest pods that run (the minimum of the autoscaler, else `replicas`, else 1), "
    "which is rounded up. maxUnavailable must come to at least 1, minAvailable to less than those pods.",
    why="A budget that allows none hangs every node drain, until somebody deletes the budget.",
    remedy="Set exactly one of maxUnavailable (at least 1) and minAvailable (below minReplicas).",
    not_applicable="No budget covers the service's pods (PD-01 says so).",
    no_data="How many pods run is not known: set replicas, or score a folder that holds the autoscaler too. "
    f"Or {unrendered('the workload or its budget is')}",
)
def allows_a_disruption(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in _drained(service):
        for budget in _budgets(workload):
            findings.judged += 1
            _check_budget(budget, workload.min_replicas, findings)
    return findings.verdict(
        "a pod may be evicted at any time", nothing="no budget covers the service's pods"
    )


def _check_budget(budget: Manifest, pods: int | None, findings: Findings) -> None:
    spec = budget.spec
    given = [field for field in ("minAvailable", "maxUnavailable") if spec.get(field) is not None]
    if len(given) != 1:
        message = "it sets both minAvailable and maxUnavailable" if given else "it sets no number"
        findings.fault(f"{message}: exactly one is needed", budget, "spec", *given[:1])
        return
    field = given[0]
    value = spec[field]
    if pods is None:
        findings.cannot_tell("how many pods run is not known", budget, "spec", field)
        return
    count = _pods(value, pods)
    if count is None:
        findings.fault(f"{field} {value!r} is no number of pods", budget, "spec", field)
    elif field == "maxUnavailable" and count < 1:
        findings.fault(f"maxUnavailable {value} allows no eviction", budget, "spec", field)
    elif field == "minAvailable" and count >= pods:
        message = f"minAvailable {value} of {pods} pods allows no eviction"
        findings.fault(message, budget, "spec", field)


def _pods(value: Any, of: int) -> int | None:
    """A number of pods; Kubernetes rounds a percentage up."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    percent = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return math.ceil(int(percent[1]) * of / 100) if percent else None


@check(
    id="PD-03",
    name="At least two pods run",
    severity=Severity.H,
    rule="Each long-running workload, except DaemonSets, must keep at least 2 pods: the autoscaler's "
    "minReplicas (1 if left out) or minReplicaCount (0 if left out), else `replicas` (1 if left out).",
    why="With one pod every node drain, crash and rollout is an outage.",
    remedy="Set the autoscaler's minReplicas (or spec.replicas without one) to at least 2.",
    not_applicable="Jobs and DaemonSets. A singleton by design: waive it.",
    no_data=_UNRENDERED,
)
def two_pods(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in _drained(service):
        findings.judged += 1
        pods = workload.min_replicas
        if pods is not None and pods < 2:
            scaler = next(iter(workload.scalers), None)
            if scaler is not None:
                findings.fault(f"the autoscaler may go down to {pods}", scaler, "spec")
            else:
                message = f"{workload.manifest.ref} runs {pods} pod{'' if pods == 1 else 's'}"
                findings.fault(message, workload.manifest, "spec", "replicas")
    return findings.verdict("at least two pods run", nothing="no long-running workload")
