"""RS: requests and limits, so that a pod has room and a leak stays in its own pod."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from flagstone.policies.manifests.objects import mapping
from flagstone.policies.manifests.quantities import parse_quantity
from flagstone.policies.manifests.workloads import Container
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome
from flagstone.scorecards.engine.policy_checks import judge_pods
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_UNRESOLVED = (
    "The pods come from a `workloadRef` whose target is not in the input; score a folder that "
    "holds it too."
)


@check(
    id="RS-01",
    name="Requests and a memory limit are set",
    severity=Severity.H,
    why="Without requests the scheduler packs pods blindly, and autoscaling on utilisation does "
    "not work; without a memory limit one leak takes the node and its neighbours down.",
    remedy="Set resources.requests.cpu, requests.memory and limits.memory on every app, init and "
    "sidecar container. A LimitRange of the namespace does not count: it is not in this repository.",
    not_applicable="The service has no workload.",
    no_data=_UNRESOLVED,
    policy=True,
)
def requests_and_limits(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_pods(
        service,
        "RS-01",
        service.workloads,
        good="every container has its requests and a memory limit",
        nothing="the service has no workload",
    )


@check(
    id="RS-02",
    name="Limits are at least the requests",
    severity=Severity.C,
    why="The API server refuses the pod, so the rollout stands still; a quantity that does not "
    "parse is refused too.",
    remedy="Raise the limit to the request, or lower the request; write quantities as 250m, 1, "
    "512Mi.",
    not_applicable="No container sets requests or limits (RS-01 says so).",
    no_data=_UNRESOLVED,
)
def limits_cover_requests(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.workloads:
        if workload.unresolved:
            findings.cannot_tell(workload.unresolved, workload.manifest, "spec", "workloadRef")
        if not workload.pod:
            continue
        about = "" if workload.pod.holder is workload.manifest else workload.manifest.ref
        for container in workload.pod.containers:
            if mapping(container.raw.get("resources")):
                findings.judged += 1
            for message, keys in _problems(container):
                place = (*container.keys, "resources", *keys)
                holder = workload.pod.holder
                findings.faults.append(Fault(message, holder, place, container.name, about))
    return findings.verdict(
        "every limit is at least its request", nothing="no container sets requests or limits"
    )


def _problems(container: Container) -> Iterator[tuple[str, tuple[str, str]]]:
    resources = mapping(container.raw.get("resources"))
    requests, limits = mapping(resources.get("requests")), mapping(resources.get("limits"))
    parsed: dict[tuple[str, str], Decimal] = {}
    for section, quantities in (("requests", requests), ("limits", limits)):
        for name, value in quantities.items():
            quantity = parse_quantity(value)
            if quantity is None:
                yield (
                    f"{container.name} has {section}.{name} {value!r}, which is no quantity",
                    (section, name),
                )
            else:
                parsed[section, name] = quantity
    for (section, name), request in parsed.items():
        limit = parsed.get(("limits", name))
        if section == "requests" and limit is not None and limit < request:
            yield (
                f"{container.name} requests {name} {requests[name]} above its limit {limits[name]}",
                ("limits", name),
            )
