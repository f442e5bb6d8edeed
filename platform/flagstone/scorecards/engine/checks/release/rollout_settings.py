"""RO-13 to RO-18: settings of a Rollout that decide how it ends."""

from __future__ import annotations

from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping
from flagstone.policies.manifests.selectors import matches
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_CANARY = ("spec", "strategy", "canary")
_IN_VIEW = unrendered("The Rollout is")
_NO_ROLLOUT = "there is no Rollout"
_NONE = "There is no Rollout (RO-01)."


def _rollouts(service: ServiceView) -> list[Workload]:
    return [workload for workload in service.workloads if workload.is_rollout]


def _number(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


@check(
    id="RO-13",
    name="The Rollout selects its own pods",
    severity=Severity.C,
    rule="A Rollout must have exactly one of template and workloadRef. With a template of its own, "
    "spec.selector must not be empty and must match the labels of that template.",
    why="The controller refuses a Rollout whose selector does not match its template, and one with "
    "two templates or none.",
    remedy="Let spec.selector match spec.template.metadata.labels, with at least one label; give "
    "either template or workloadRef.",
    not_applicable="There is no Rollout with a pod template of its own.",
    no_data=_IN_VIEW,
)
def selects_its_pods(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in _rollouts(service):
        problem = _template_problem(workload)
        if problem:
            findings.fault(problem, workload.manifest, "spec")
        if workload.pod is None or workload.pod.holder is not workload.manifest:
            continue
        findings.judged += 1
        selector = mapping(workload.manifest.spec.get("selector"))
        if not any(selector.values()):
            findings.fault("its selector is empty", workload.manifest, "spec", "selector")
        elif not matches(selector, workload.pod.labels):
            message = "its selector does not match the labels of its template"
            findings.fault(message, workload.manifest, "spec", "selector")
    borrows = any(_rollouts(service))
    nothing = "no Rollout has a pod template of its own" if borrows else _NO_ROLLOUT
    return findings.verdict("it selects its own pods", nothing=nothing)


def _template_problem(workload: Workload) -> str:
    spec = workload.manifest.spec
    own, borrowed = bool(spec.get("template")), bool(spec.get("workloadRef"))
    if own and borrowed:
        return "it has both a template and a workloadRef: one may be given"
    return "" if own or borrowed else "it has neither a template nor a workloadRef"


@check(
    id="RO-14",
    name="The Rollout leaves its size to the autoscaler",
    severity=Severity.H,
    rule="With an autoscaler that scales the Rollout spec.replicas must be left out; neither of both fails as "
    "medium. A workload that lends its template by workloadRef must have replicas 0, or "
    "workloadRef.scaleDown be onsuccess or progressively; else it warns.",
    why="With replicas in the manifest every apply undoes what the autoscaler did; without both "
    "there is one pod.",
    remedy="Leave spec.replicas out where an autoscaler scales the Rollout; set it where none does.",
    not_applicable=_NONE,
    no_data=_IN_VIEW,
)
def size(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in _rollouts(service):
        findings.judged += 1
        manifest = workload.manifest
        given = manifest.spec.get("replicas") is not None
        if workload.scalers and given:
            message = f"it sets replicas, which {workload.scalers[0].ref} owns"
            findings.fault(message, manifest, "spec", "replicas")
        elif not workload.scalers and not given:
            message = "it has neither replicas nor an autoscaler"
            findings.missing(message, manifest, "spec", severity=Severity.M)
        _check_lender(workload, findings)
    return findings.verdict("its size is decided in one place", nothing=_NO_ROLLOUT)


def _check_lender(workload: Workload, findings: Findings) -> None:
    """A workload that lends its template should run no pods of its own beside the Rollout's."""
    holder = workload.template_holder
    scaled_down = dig(workload.manifest.spec, "workloadRef", "scaleDown")
    if holder.kind == "PodTemplate":
        return  # it runs no pods
    if holder is workload.manifest or scaled_down in {"onsuccess", "progressively"}:
        return
    if holder.spec.get("replicas") != 0:
        message = (
            f"{holder.ref} lends its template and keeps pods of its own: set replicas to 0, or "
        )
        message += "workloadRef.scaleDown"
        findings.warn(message, holder, "spec", "replicas", severity=Severity.M)


@check(
    id="RO-15",
    name="A stuck rollout gives up",
    severity=Severity.M,
    rule="progressDeadlineAbort must be true. progressDeadlineSeconds (600 if left out) must be above "
    "minReadySeconds (0 if left out); where it is not, the check fails as critical.",
    why="Without progressDeadlineAbort a canary that never becomes ready stays, and keeps its share "
    "of the traffic, until a person looks.",
    remedy="Set progressDeadlineAbort: true and progressDeadlineSeconds above minReadySeconds.",
    not_applicable=_NONE,
    no_data=_IN_VIEW,
)
def gives_up(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in _rollouts(service):
        findings.judged += 1
        manifest = workload.manifest
        deadline = _number(manifest.spec.get("progressDeadlineSeconds"), 600)
        ready = _number(manifest.spec.get("minReadySeconds"), 0)
        if deadline <= ready:
            message = (
                f"progressDeadlineSeconds {deadline} is not above minReadySeconds {ready}: the "
                "controller refuses the Rollout"
            )
            keys = ("spec", "progressDeadlineSeconds")
            findings.fault(message, manifest, *keys, severity=Severity.C)
        if manifest.spec.get("progressDeadlineAbort") is not True:
            stuck = (
                "a stuck canary"
                if workload.canary is not None
                else "a version that never gets ready"
            )
            message = f"progressDeadlineAbort is not on: {stuck} stays"
            findings.fault(message, manifest, "spec", "progressDeadlineAbort")
    return findings.verdict("a stuck rollout is aborted", nothing=_NO_ROLLOUT)


@check(
    id="RO-16",
    name="A revert is fast",
    severity=Severity.M,
    rule="rollbackWindow.revisions must be at least 1, and revisionHistoryLimit (10 if left out) no less than "
    "it.",
    why="Without a rollback window a revert crawls through every step and pause of the canary, "
    "while customers wait.",
    remedy="Set rollbackWindow.revisions to at least 1, and revisionHistoryLimit to no less.",
    not_applicable=_NONE,
    no_data=_IN_VIEW,
)
def fast_revert(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in _rollouts(service):
        findings.judged += 1
        manifest = workload.manifest
        window = _number(dig(manifest.spec, "rollbackWindow", "revisions"), 0)
        kept = _number(manifest.spec.get("revisionHistoryLimit"), 10)
        if window < 1:
            findings.fault("it has no rollbackWindow", manifest, "spec", "rollbackWindow")
        elif kept < window:
            message = f"revisionHistoryLimit {kept} keeps fewer than the {window} of rollbackWindow"
            findings.fault(message, manifest, "spec", "revisionHistoryLimit")
    return findings.verdict("a revert skips the steps", nothing=_NO_ROLLOUT)


@check(
    id="RO-17",
    name="The canary has two pods",
    severity=Severity.M,
    rule="A canary with trafficRouting must have minPodsPerReplicaSet of at least 2 (1 if left out), unless its "
    "autoscaler's maximum is 1.",
    why="With one pod, a restart or an ejection takes the whole canary away: its callers get 503, "
    "and the analysis sees a failure that is none.",
    remedy="Set canary.minPodsPerReplicaSet to at least 2.",
    not_applicable="No canary has traffic routing, or its autoscaler allows one pod only.",
    no_data=_IN_VIEW,
)
def two_canary_pods(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.canaries:
        canary = workload.canary or {}
        if not canary.get("trafficRouting") or _at_most_one(workload.scalers):
            continue
        findings.judged += 1
        if _number(canary.get("minPodsPerReplicaSet"), 1) < 2:
            message = "a canary of one pod: minPodsPerReplicaSet is below 2"
            findings.fault(message, workload.manifest, *_CANARY, "minPodsPerReplicaSet")
    return findings.verdict("the canary has two pods", nothing="no canary has traffic routing")


def _at_most_one(scalers: list[Manifest]) -> bool:
    fields = ("maxReplicas", "maxReplicaCount")
    return any(_number(scaler.spec.get(field), 2) <= 1 for scaler in scalers for field in fields)


@check(
    id="RO-18",
    name="The canary can make progress",
    severity=Severity.C,
    rule="In the canary strategy maxSurge and maxUnavailable must not both be 0 (0%), and dynamicStableScale: "
    "true must not stand beside scaleDownDelaySeconds.",
    why="With maxSurge and maxUnavailable both 0 no pod may come or go, and the controller refuses "
    "the Rollout; dynamicStableScale and scaleDownDelaySeconds exclude each other.",
    remedy="Let one of maxSurge and maxUnavailable be above 0; keep one of dynamicStableScale and "
    "scaleDownDelaySeconds.",
    not_applicable="There is no canary.",
    no_data=_IN_VIEW,
)
def can_progress(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.canaries:
        findings.judged += 1
        canary = workload.canary or {}
        nothing = [canary.get(field) in (0, "0", "0%") for field in ("maxSurge", "maxUnavailable")]
        if all(nothing):
            message = "maxSurge and maxUnavailable are both 0"
            findings.fault(message, workload.manifest, *_CANARY, "maxSurge")
        delay = canary.get("scaleDownDelaySeconds")
        if canary.get("dynamicStableScale") is True and delay is not None:
            message = "dynamicStableScale excludes scaleDownDelaySeconds"
            findings.fault(message, workload.manifest, *_CANARY, "scaleDownDelaySeconds")
    return findings.verdict("pods may come and go", nothing="there is no canary")
