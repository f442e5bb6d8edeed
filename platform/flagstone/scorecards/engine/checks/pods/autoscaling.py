"""HP: autoscaling that scales what runs, between bounds that make sense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.policies.manifests.quantities import parse_quantity
from flagstone.policies.manifests.workloads import INJECTED_CONTAINERS
from flagstone.scorecards.engine.checks.pods.said_alike import BORROWED, INJECTED_BY_NAME
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import SCALER_MINIMUM, Workload, scaled_type

_MAXIMUM = {
    "HorizontalPodAutoscaler": ("maxReplicas", None),
    "ScaledObject": ("maxReplicaCount", 100),
}
_KEDA_RESOURCES = ("cpu", "memory")
_NO_SCALER = "the service has no autoscaler (HP-01)"
_UNRENDERED = unrendered("The autoscaler or the workload is")


def _scaled(service: ServiceView) -> list[Workload]:
    """The workloads that traffic scales: a DaemonSet or a bare Pod cannot be."""
    fixed = {"DaemonSet", "Pod"}
    return [w for w in service.http_workloads if w.manifest.kind not in fixed]


@check(
    id="HP-01",
    name="An autoscaler scales the workload",
    severity=Severity.H,
    rule="Each workload with HTTP or gRPC traffic, except DaemonSets and bare Pods, needs a "
    "HorizontalPodAutoscaler of autoscaling/v2 or a KEDA ScaledObject whose scaleTargetRef has its name, "
    "its kind and the API group of its apiVersion. A HorizontalPodAutoscaler whose target is not there "
    "fails too.",
    why="Without one the peak meets the pods of a quiet day; one that names the wrong object "
    "scales nothing, or fights with the Rollout over its pods.",
    remedy="Add an autoscaling/v2 HorizontalPodAutoscaler whose scaleTargetRef (apiVersion, kind, "
    "name) is the Rollout itself; a KEDA ScaledObject counts too.",
    not_applicable="Services without HTTP or gRPC traffic, and DaemonSets. A singleton by design: "
    "waive it.",
    no_data=_UNRENDERED,
)
def scales_the_workload(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in _scaled(service):
        findings.judged += 1
        if not workload.named_scalers:
            message = f"no autoscaler scales {workload.manifest.ref}"
            findings.missing(message, workload.manifest)
        for scaler in workload.named_scalers:
            _check_scaler(scaler, workload, findings)
    _check_dangling(service, findings)
    return findings.verdict(
        "an autoscaler scales the workload", nothing="nothing here is scaled by HTTP traffic"
    )


def _check_scaler(scaler: Manifest, workload: Workload, findings: Findings) -> None:
    if scaler.kind == "HorizontalPodAutoscaler" and scaler.version != "v2":
        gone = "was removed" if scaler.version.startswith("v2beta") else "knows only CPU"
        message = f"{scaler.api_version} {gone}: use autoscaling/v2"
        findings.fault(message, scaler, "apiVersion")
    target = mapping(scaler.spec.get("scaleTargetRef"))
    manifest, keys = workload.manifest, ("spec", "scaleTargetRef")
    group, kind = scaled_type(scaler)
    if kind != manifest.kind:
        message = f"it scales {kind}/{target.get('name')}, not {manifest.ref}"
        findings.fault(message, scaler, *keys, "kind")
        return
    if group != manifest.group:
        message = f"scaleTargetRef.apiVersion is {target.get('apiVersion')!r}, and {manifest.ref} "
        findings.fault(f"{message}has {manifest.api_version}", scaler, *keys, "apiVersion")


def _check_dangling(service: ServiceView, findings: Findings) -> None:
    for scaler in service.of_kind("HorizontalPodAutoscaler", "autoscaling"):
        if not service.relations.behind(scaler):
            target = mapping(scaler.spec.get("scaleTargetRef"))
            message = f"it scales {target.get('kind')}/{target.get('name')}, which does not exist"
            findings.judged += 1
            findings.missing(message, scaler, "spec", "scaleTargetRef")


@dataclass(frozen=True, slots=True)
class BoundsParams:
    """The bounds that an autoscaler should have.

    Attributes:
        min_replicas: the fewest pods.
        peak_factor: how many times the usual load the peak is; 0 if nobody said.
    """

    min_replicas: int = 2
    peak_factor: int = 0


@check(
    id="HP-02",
    name="The autoscaler has room in both directions",
    severity=Severity.M,
    rule="Of each autoscaler, minReplicas (in a ScaledObject minReplicaCount) must be at least `min_replicas`, "
    f"{BoundsParams().min_replicas} unless set; maxReplicas (maxReplicaCount) must be above it, and at "
    "least `peak_factor` times as high, which asks nothing unless set. What is left out counts as 1 for "
    f"minReplicas, 0 for minReplicaCount and {_MAXIMUM['ScaledObject'][1]} for maxReplicaCount.",
    why="One pod is an outage at every node drain; a maximum at the minimum scales nothing.",
    remedy="Set minReplicas to at least 2 (3 for payments), maxReplicas above it, and to four "
    "times the minimum where the peak is known to be that high.",
    not_applicable="There is no autoscaler (HP-01 says so).",
    no_data=_UNRENDERED,
    params=BoundsParams,
)
def bounds(service: ServiceView, params: BoundsParams) -> Outcome:
    findings = Findings()
    for scaler in _scalers(service):
        findings.judged += 1
        low_field, low_default = SCALER_MINIMUM[scaler.kind]
        high_field, high_default = _MAXIMUM[scaler.kind]
        low, high = (
            scaler.spec.get(low_field, low_default),
            scaler.spec.get(high_field, high_default),
        )
        if not isinstance(low, int) or not isinstance(high, int):
            field = high_field if isinstance(low, int) else low_field
            findings.fault(f"{field} is not a number", scaler, "spec", field)
            continue
        if low < params.min_replicas:
            message = f"{low_field} is {low}, and must be at least {params.min_replicas}"
            findings.fault(message, scaler, "spec", low_field)
        if high <= low:
            message = f"{high_field} {high} is not above {low_field} {low}"
            findings.fault(message, scaler, "spec", high_field)
        elif high < params.peak_factor * low:
            message = f"{high_field} {high} is below {params.peak_factor} times {low_field} {low}"
            findings.fault(message, scaler, "spec", high_field)
    return findings.verdict("the autoscaler has room", nothing=_NO_SCALER)


def _scalers(service: ServiceView) -> list[Manifest]:
    found = [scaler for workload in service.long_running for scaler in workload.scalers]
    return list(dict.fromkeys(found))


@check(
    id="HP-03",
    name="Utilisation can be computed",
    severity=Severity.M,
    rule="Where a HorizontalPodAutoscaler has a Resource metric of type Utilization, or a ScaledObject a cpu or "
    "memory trigger of that type without containerName, every app container and native sidecar must "
    f"request that resource above 0. {INJECTED_BY_NAME}.",
    why="Utilisation is a share of the request: with one container that requests nothing, sidecars "
    "included, the autoscaler has no number and does not scale.",
    remedy="Set requests of that resource on every container, or use a ContainerResource metric "
    "(containerName in a trigger of KEDA).",
    not_applicable="No autoscaler scales on the utilisation of a resource.",
    no_data=f"{BORROWED} Or {unrendered('the autoscaler or the workload is')}",
)
def utilisation(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.long_running:
        for scaler in workload.scalers:
            for keys, resource in _utilised(scaler):
                findings.judged += 1
                if workload.pod is None:
                    findings.cannot_tell(workload.unresolved or "no pod template", scaler, *keys)
                    continue
                bare = [
                    container.name
                    for container in workload.pod.of_role("app", "sidecar")
                    if container.name not in INJECTED_CONTAINERS
                    and not parse_quantity(container.resource("requests", resource))
                ]
                if bare:
                    message = f"it needs requests.{resource} on every container: not on "
                    findings.fault(message + ", ".join(bare), scaler, *keys)
    return findings.verdict(
        "every container requests what is measured", nothing="nothing scales on utilisation"
    )


def _utilised(scaler: Manifest) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The place and the resource of each metric that is a share of the requests of whole pods."""
    for position, trigger in enumerate(map(mapping, sequence(scaler.spec.get("triggers")))):
        settings = mapping(trigger.get("metadata"))
        measured = trigger.get("metricType") or settings.get("type")
        of_pods = trigger.get("type") in _KEDA_RESOURCES and not settings.get("containerName")
        if of_pods and measured == "Utilization":
            yield ("spec", "triggers", position), str(trigger["type"])
    for position, metric in enumerate(map(mapping, sequence(scaler.spec.get("metrics")))):
        kind: Any = dig(metric, "resource", "target", "type")
        if metric.get("type") == "Resource" and kind == "Utilization":
            yield ("spec", "metrics", position), str(dig(metric, "resource", "name"))
