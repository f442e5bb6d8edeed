"""GS-01: enough time to finish what was begun."""

from __future__ import annotations

import re

from flagstone.policies.manifests.durations import go_duration
from flagstone.policies.manifests.objects import dig, mapping, sequence
from flagstone.policies.manifests.workloads import Container
from flagstone.scorecards.engine.checks.pods.said_alike import NOT_IN_VIEW
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_DEFAULT = 30
_LONGEST = 20_000
_TIME = r"(?:\d+\.?\d*|\.\d+)[smhd]?"
_SLEEP = re.compile(rf"\bsleep\b\(?((?:\s*{_TIME}(?![\w.]))+)\)?(?!\s*&(?!&))")
_BRANCH = re.compile(r"\b(?:else|elif)\b|;;|\|\|")
_VARIABLE = re.compile(r"\$\{?(\w+)(?::?-([\w.]+))?\}?")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@check(
    id="GS-01",
    name="Requests in flight end before the pod does",
    severity=Severity.M,
    rule=f"For each long-running workload that takes traffic, terminationGracePeriodSeconds ({_DEFAULT} if "
    "left out) must be above the longest preStop sleep of its containers (sleep.seconds, or the `sleep` "
    "commands of exec) plus the longest timeout of the http routes in the service's VirtualServices; a "
    "route without a timeout adds nothing.",
    why="After terminationGracePeriodSeconds the kubelet kills: requests that are still being "
    "answered break off at every rollout.",
    remedy="Set terminationGracePeriodSeconds above the preStop sleep plus the slowest timeout.",
    not_applicable="Nothing here takes traffic.",
    no_data=NOT_IN_VIEW,
)
def grace(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    timeouts = _timeouts(service)
    slowest = max(timeouts, default=0.0)
    for workload in service.long_running:
        if workload.unresolved:
            findings.cannot_tell(workload.unresolved, workload.manifest, "spec", "workloadRef")
        if not workload.pod or not workload.serves:
            continue
        findings.judged += 1
        given = workload.pod.raw.get("terminationGracePeriodSeconds")
        given = _DEFAULT if given is None else given
        sleep = max((_pre_stop(container) for container in workload.containers), default=0.0)
        if isinstance(given, int) and given <= sleep + slowest:
            message = f"{given} s to end, and preStop sleeps {sleep:g} s and {_a_request(timeouts)}"
            holder = workload.pod.holder
            about = "" if holder is workload.manifest else workload.manifest.ref
            keys = (*workload.pod.keys, "terminationGracePeriodSeconds")
            findings.faults.append(Fault(message, holder, keys, about=about))
    return findings.verdict("requests can end", nothing="nothing here takes traffic")


def _timeouts(service: ServiceView) -> list[float]:
    """The timeout of each route in seconds; 0 is none, for Istio too."""
    return [
        go_duration(mapping(rule).get("timeout")) or 0.0
        for manifest in service.virtual_services
        for rule in sequence(manifest.spec.get("http"))
    ]


def _a_request(timeouts: list[float]) -> str:
    if not timeouts:
        return "no route in view limits how long a request takes"
    if 0.0 in timeouts:
        return "a request may take any time: a route sets no timeout"
    return f"a request may take {max(timeouts):g} s"


def _pre_stop(container: Container) -> float:
    """The seconds that a container sleeps before it is told to stop."""
    hook = mapping(dig(container.raw, "lifecycle", "preStop"))
    seconds = dig(hook, "sleep", "seconds")
    if isinstance(seconds, int):
        return seconds
    command = " ".join(map(str, sequence(dig(hook, "exec", "command"))))[:_LONGEST]
    given = {
        str(one.get("name")): one.get("value")
        for one in map(mapping, sequence(container.raw.get("env")))
    }
    command = _VARIABLE.sub(lambda use: str(given.get(use[1]) or use[2] or use[0]), command)
    return max(map(_slept, _BRANCH.split(command)))


def _slept(script: str) -> float:
    """What the sleeps of a script take one after the other; of its branches the longest counts."""
    return sum(_seconds(time) for found in _SLEEP.findall(script) for time in found.split())


def _seconds(time: str) -> float:
    number = time.rstrip("smhd")
    return float(number) * _UNITS[time[len(number) :]]
