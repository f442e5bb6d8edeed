"""DR-03 and DR-08: ejection that can happen, soon enough, and for a while.

Since Envoy 1.31 a host is ejected only if that keeps the share of ejected hosts at or below
maxEjectionPercent; the older promise of at least one host is gone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.durations import go_duration
from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence, text_map
from flagstone.policies.manifests.selectors import matches_map
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_DEFAULT_PERCENT = 10
_SAFE_PERCENT = 50
_BOUNDS = {"interval": (1, 60), "baseEjectionTime": (10, 300)}


@dataclass(frozen=True, slots=True)
class _Pool:
    """One cluster of endpoints with the outlier detection in force for it."""

    label: str
    keys: tuple[str | int, ...]
    settings: dict[str, Any]
    fewest: int | None


@check(
    id="DR-03",
    name="Ejection can happen, and stops in time",
    severity=Severity.H,
    rule="Of each pool with outlier detection (each subset, or the host without subsets) n is the fewest "
    "endpoints: the sum of the workloads' minimum sizes; of a canary its first weight's share of them "
    "rounded up, or minPodsPerReplicaSet if that is more. n must be at least 2, and maxEjectionPercent "
    f"(else the default, {_DEFAULT_PERCENT}) at least 100 / n: 50 for 2 pods, 34 for 3, 25 for 4, 10 for "
    f"10. Above {_SAFE_PERCENT} it fails as medium, a default that does for n warns, and where n is not "
    f"known only {_SAFE_PERCENT} passes.",
    why="With the default of 10% and fewer than ten pods nothing is ever ejected: outlier "
    "detection is written down and off. Above 50% it can take most of the service away.",
    remedy="Set outlierDetection.maxEjectionPercent to 50, and run at least two pods of each "
    "subset (HPA minReplicas, minPodsPerReplicaSet for the canary).",
    not_applicable="No DestinationRule has outlier detection (DR-02 says so).",
    no_data="The number of endpoints is not known: the host's Service, workload or autoscaler is "
    "not in the input. Score a folder that holds them too, or set maxEjectionPercent to 50. "
    f"Or {unrendered('the DestinationRule is')}",
)
def ejection_percent(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for rule in service.destination_rules:
        for pool in _pools(service, rule):
            findings.judged += 1
            _judge(rule, pool, findings)
    return findings.verdict(
        "one endpoint can be ejected, and never more than half",
        nothing="no DestinationRule has outlier detection",
    )


@check(
    id="DR-08",
    name="Ejection is soon, and for a while",
    severity=Severity.M,
    rule="Wherever outlierDetection stands (trafficPolicy, subsets, portLevelSettings), `interval` must be from "
    f"{_BOUNDS['interval'][0]} to {_BOUNDS['interval'][1]} s and `baseEjectionTime` from "
    f"{_BOUNDS['baseEjectionTime'][0]} to {_BOUNDS['baseEjectionTime'][1]} s, where they are set.",
    why="An interval of minutes leaves callers with a failing pod for so long; an ejection of seconds "
    "brings it back before anything has changed, one of hours keeps a healed pod out.",
    remedy="Set outlierDetection.interval from 1s to 60s and baseEjectionTime from 10s to 5m (the "
    "defaults of 10s and 30s are fine).",
    not_applicable="No DestinationRule has outlier detection (DR-02 says so).",
    no_data=unrendered("The DestinationRule is"),
)
def ejection_times(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for rule in service.destination_rules:
        for keys, settings in _detections(rule):
            findings.judged += 1
            for field, (least, most) in _BOUNDS.items():
                given = settings.get(field)
                seconds = None if given is None else go_duration(given)
                if given is None or (seconds is not None and least <= seconds <= most):
                    continue
                said = "no duration" if seconds is None else f"outside of {least}s to {most}s"
                findings.fault(f"{field} {given} is {said}", rule, *keys, field)
    return findings.verdict("ejection is soon, and for a while", nothing="no outlier detection")


def _detections(rule: Manifest) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Every outlier detection of a rule: of the host, its subsets, and their ports."""
    holders: list[tuple[tuple[str | int, ...], Any]] = [
        (("spec", "trafficPolicy"), rule.spec.get("trafficPolicy")),
        *(
            (("spec", "subsets", i, "trafficPolicy"), mapping(subset).get("trafficPolicy"))
            for i, subset in enumerate(sequence(rule.spec.get("subsets")))
        ),
    ]
    for keys, policy in holders:
        ports = enumerate(sequence(dig(policy, "portLevelSettings")))
        places = [(keys, policy), *(((*keys, "portLevelSettings", i), port) for i, port in ports)]
        for place, settings in places:
            found = dig(settings, "outlierDetection")
            if isinstance(found, dict):
                yield (*place, "outlierDetection"), found


def _judge(rule: Manifest, pool: _Pool, findings: Findings) -> None:
    percent = pool.settings.get("maxEjectionPercent")
    keys = (*pool.keys, "maxEjectionPercent")
    if percent is not None and (not isinstance(percent, int) or isinstance(percent, bool)):
        findings.fault(f"{pool.label}: maxEjectionPercent {percent!r} is no number", rule, *keys)
        return
    in_force = _DEFAULT_PERCENT if percent is None else percent
    said = f"maxEjectionPercent is {percent}" if percent is not None else "the default is 10%"
    if pool.fewest is None:
        if in_force < _SAFE_PERCENT:
            message = f"{pool.label}: {said}, and how many endpoints there are is not known"
            findings.cannot_tell(message, rule, *keys)
    elif pool.fewest <= 1:
        message = f"{pool.label}: it may have a single endpoint, so there is nothing to eject to"
        findings.fault(message, rule, *pool.keys)
    elif in_force * pool.fewest < 100:
        message = f"{pool.label}: {said}, so with {pool.fewest} endpoints nothing is ever ejected"
        findings.fault(message, rule, *keys)
    elif percent is None:
        message = f"{pool.label}: maxEjectionPercent is left at its default of 10"
        findings.warn(message, rule, *keys)
    if in_force > _SAFE_PERCENT:
        message = f"{pool.label}: maxEjectionPercent {percent} may eject more than half"
        findings.fault(message, rule, *keys, severity=Severity.M)


def _pools(service: ServiceView, rule: Manifest) -> Iterator[_Pool]:
    """Each subset is a pool of its own; without subsets, the host is one."""
    top = dig(rule.spec, "trafficPolicy", "outlierDetection")
    workloads = _workloads(service, rule)
    subsets = [mapping(item) for item in sequence(rule.spec.get("subsets"))]
    top_keys = ("spec", "trafficPolicy", "outlierDetection")
    if not subsets and isinstance(top, dict):
        host = service.host(rule.spec.get("host"), rule)
        endpoints = _host_endpoints(host.name, workloads)
        yield _Pool(f"host {rule.spec.get('host')}", top_keys, top, endpoints)
    for i, subset in enumerate(subsets):
        own = dig(subset, "trafficPolicy", "outlierDetection")
        keys = ("spec", "subsets", i, "trafficPolicy", "outlierDetection")
        settings = own if isinstance(own, dict) else top
        if isinstance(settings, dict):
            name = str(subset.get("name") or "")
            yield _Pool(
                f"subset {name}",
                keys if settings is own else top_keys,
                settings,
                _subset_endpoints(name, text_map(subset.get("labels")), workloads),
            )


def _workloads(service: ServiceView, rule: Manifest) -> list[Workload]:
    host = service.host(rule.spec.get("host"), rule)
    found = [
        manifest
        for own in service.relations.services_of_host(host, rule)
        for manifest in service.relations.behind_service(own)
    ]
    return [service.surroundings.workload(manifest) for manifest in dict.fromkeys(found)]


def _host_endpoints(name: str, workloads: list[Workload]) -> int | None:
    for workload in workloads:
        if workload.splits_hosts and name == workload.canary_services[0]:
            return _canary_pods(workload)
    return _fewest(workloads)


def _subset_endpoints(name: str, labels: dict[str, str], workloads: list[Workload]) -> int | None:
    for workload in workloads:
        if name and name == dig(workload.subset_routing, "destinationRule", "canarySubsetName"):
            return _canary_pods(workload)
    return _fewest([w for w in workloads if w.pod is None or matches_map(labels, w.pod.labels)])


def _canary_pods(workload: Workload) -> int | None:
    """The fewest pods of a canary: its first weight's share, but at least minPodsPerReplicaSet."""
    floor = (workload.canary or {}).get("minPodsPerReplicaSet", 1)
    if not isinstance(floor, int) or workload.min_replicas is None:
        return None
    first = next((weight for weight in workload.weights if weight > 0), 100)
    return max(floor, math.ceil(workload.min_replicas * first / 100))


def _fewest(workloads: list[Workload]) -> int | None:
    counts = [workload.min_replicas for workload in workloads]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None
