"""RS: requests and limits, so that a pod has room and a leak stays in its own pod."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.policies.manifests.quantities import parse_quantity
from flagstone.policies.manifests.workloads import INJECTED_CONTAINERS, PodSpec
from flagstone.scorecards.engine.checks.pods.said_alike import (
    INJECTED,
    INJECTED_BY_NAME,
    NOT_IN_VIEW,
)
from flagstone.scorecards.engine.index import compatible
from flagstone.scorecards.engine.outcome import Fault, Findings, Keys, Outcome
from flagstone.scorecards.engine.policy_checks import judge_pods
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity


@check(
    id="RS-01",
    name="Requests and a memory limit are set",
    severity=Severity.H,
    rule="Each container, init containers and sidecars too, must set requests.cpu, requests.memory and "
    "limits.memory above 0 (`requests` and `limits` of the policy); what the pod as a whole sets "
    f"(Kubernetes 1.34) serves the containers that say nothing. {INJECTED}. What a LimitRange of the "
    "namespace fills in fails as medium.",
    why="Without requests the scheduler packs pods blindly, and autoscaling on utilisation does "
    "not work; without a memory limit one leak takes the node and its neighbours down.",
    remedy="Set resources.requests.cpu, requests.memory and limits.memory on every app, init and "
    "sidecar container. A LimitRange of the namespace makes it less grave, and does not count: what a pod "
    "needs should stand with the pod.",
    not_applicable="The service has no workload.",
    no_data=NOT_IN_VIEW,
    policy=True,
)
def requests_and_limits(service: ServiceView, _params: NoParams) -> Outcome:
    found = judge_pods(
        service,
        "RS-01",
        service.workloads,
        good="every container has its requests and a memory limit",
        nothing="the service has no workload",
    )
    defaults = _Defaults(service.index.of_kind("LimitRange", ""))
    faults = (
        replace(fault, severity=Severity.M) if defaults.fill(fault) else fault
        for fault in found.faults
    )
    return replace(found, faults=tuple(faults))


class _Defaults:
    """What LimitRanges give containers that say nothing; who needs it should not rest on it."""

    def __init__(self, ranges: list[Manifest]) -> None:
        self._given = [
            (limit_range.namespace, mapping(limit))
            for limit_range in ranges
            for limit in sequence(limit_range.spec.get("limits"))
            if mapping(limit).get("type") == "Container"
        ]

    def fill(self, fault: Fault) -> bool:
        """Whether the cluster puts in what a container lacks: where no default is written, a bound is one.

        Source: SetDefaults_LimitRangeItem of Kubernetes.
        """
        manifest, where = fault.manifest, fault.keys[-3:]
        if manifest is None or where[:1] != ("resources",) or manifest.at(*fault.keys) is not None:
            return False
        _, section, resource = where
        fields = ["default", "max"]
        if section == "requests":
            fields += ["defaultRequest", "min"]
        return any(
            compatible(namespace, manifest.namespace)
            and any(dig(limit, field, resource) is not None for field in fields)
            for namespace, limit in self._given
        )


@check(
    id="RS-02",
    name="Limits are at least the requests",
    severity=Severity.C,
    rule="Each quantity in requests and limits, of a container or of the pod as a whole, must parse and not be "
    "below 0; where a resource has both, its limit must be at least its request.",
    why="The API server refuses the pod, so the rollout stands still; a quantity that does not "
    "parse or is below 0 is refused too.",
    remedy="Raise the limit to the request, or lower the request; write quantities as 250m, 1, "
    "512Mi.",
    not_applicable="No container sets requests or limits (RS-01 says so).",
    no_data=NOT_IN_VIEW,
)
def limits_cover_requests(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.workloads:
        if workload.unresolved:
            findings.cannot_tell(workload.unresolved, workload.manifest, "spec", "workloadRef")
        if not workload.pod:
            continue
        about = "" if workload.pod.holder is workload.manifest else workload.manifest.ref
        for name, resources, where in _holders(workload.pod):
            if resources:
                findings.judged += 1
            for message, keys in _problems(name, resources):
                holder, place = workload.pod.holder, (*where, *keys)
                findings.faults.append(Fault(message, holder, place, name, about))
    return findings.verdict(
        "every limit is at least its request", nothing="no container sets requests or limits"
    )


@check(
    id="RS-03",
    name="The memory limit is the request",
    severity=Severity.L,
    rule="Where a container, or the pod as a whole, has both requests.memory and limits.memory, both must be "
    f"the same quantity, however they are written (1Gi is 1024Mi). {INJECTED_BY_NAME}.",
    why="A pod that may use more memory than it asked for is the first to be killed when the node "
    "runs short, at the moment of the most traffic.",
    remedy="Set limits.memory to requests.memory, at what the container needs at its peak.",
    not_applicable="No container has both a memory limit and a request (RS-01 says so); a limit "
    "alone is the request too.",
    no_data=NOT_IN_VIEW,
)
def no_overcommit(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.workloads:
        if workload.unresolved:
            findings.cannot_tell(workload.unresolved, workload.manifest, "spec", "workloadRef")
        for name, raw, keys in _holders(workload.pod) if workload.pod else ():
            quantities = [dig(raw, section, "memory") for section in ("requests", "limits")]
            request, limit = map(parse_quantity, quantities)
            if request is None or limit is None or name in INJECTED_CONTAINERS:
                continue
            findings.judged += 1
            if request != limit and workload.pod:
                message = f"{name} asks for {quantities[0]} of memory and may use {quantities[1]}"
                holder = workload.pod.holder
                about = "" if holder is workload.manifest else workload.manifest.ref
                place = (*keys, "limits", "memory")
                findings.faults.append(Fault(message, holder, place, name, about))
    return findings.verdict(
        "every memory limit is the request", nothing="no container has a memory request and a limit"
    )


def _holders(pod: PodSpec) -> Iterator[tuple[str, dict[str, Any], Keys]]:
    """The resources of each container of a pod and, since Kubernetes 1.34, of the pod itself."""
    for container in pod.containers:
        keys = (*container.keys, "resources")
        yield container.name, mapping(container.raw.get("resources")), keys
    yield "the pod", mapping(pod.raw.get("resources")), (*pod.keys, "resources")


def _problems(holder: str, resources: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    requests, limits = mapping(resources.get("requests")), mapping(resources.get("limits"))
    parsed: dict[tuple[str, str], Decimal] = {}
    for section, quantities in (("requests", requests), ("limits", limits)):
        for name, value in quantities.items():
            quantity = parse_quantity(value)
            if quantity is None:
                yield (
                    f"{holder} has {section}.{name} {value!r}, which is no quantity",
                    (section, name),
                )
            elif quantity < 0:
                yield f"{holder} has {section}.{name} {value!r}, which is below 0", (section, name)
            else:
                parsed[section, name] = quantity
    for (section, name), request in parsed.items():
        limit = parsed.get(("limits", name))
        if section == "requests" and limit is not None and limit < request:
            yield (
                f"{holder} requests {name} {requests[name]} above its limit {limits[name]}",
                ("limits", name),
            )
