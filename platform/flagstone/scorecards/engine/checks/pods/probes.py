"""PB: probes, so that a pod gets traffic when it is ready and a restart when it hangs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from flagstone.policies.manifests.objects import mapping
from flagstone.policies.manifests.workloads import PROBE_HANDLERS, Container
from flagstone.scorecards.engine.checks.pods.probe_questions import question
from flagstone.scorecards.engine.checks.pods.said_alike import INJECTED, NOT_IN_VIEW
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome
from flagstone.scorecards.engine.policy_checks import judge_pods
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload, port_names

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_NOT_RUNNING = "Jobs and CronJobs run to an end; nothing asks whether they are alive."
_NO_PODS = "no long-running workload: probes are for pods that stay"


@check(
    id="PB-01",
    name="Containers have a readiness probe",
    severity=Severity.C,
    rule="Each container of a long-running workload that takes traffic must have a readinessProbe with exactly "
    "one of httpGet, tcpSocket, exec and grpc, and that one not empty; init containers are not asked. A "
    "workload takes traffic by the ports of its Services, or where none is in view by those of its "
    f"containers; ports for metrics, health and the like do not count. {INJECTED}, and a workload "
    "labelled flagstone.dev/workload: worker needs no readinessProbe.",
    why="Without one a pod gets traffic before it can answer, at every rollout and every scale-up.",
    remedy="Give each app container a readinessProbe with exactly one of httpGet, tcpSocket, exec "
    "or grpc that tells whether it can serve now; it may look at what it cannot serve without.",
    not_applicable=f"{_NOT_RUNNING} A worker without a Service gets no traffic.",
    no_data=NOT_IN_VIEW,
    policy=True,
)
def readiness(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_pods(
        service,
        "PB-01",
        [workload for workload in service.long_running if workload.serves],
        good="every app container has a readiness probe",
        nothing="nothing here takes traffic: no long-running workload with a Service",
    )


@check(
    id="PB-02",
    name="Containers have a liveness probe",
    severity=Severity.H,
    rule="Each container of a long-running workload must have a livenessProbe with exactly one of httpGet, "
    f"tcpSocket, exec and grpc, and that one not empty; init containers are not asked. {INJECTED}.",
    why="A process that hangs stays up for ever: nobody restarts it until a person notices.",
    remedy="Give each app container a livenessProbe with exactly one handler that asks only the "
    "process itself: one that looks at the database restarts every pod when the database is down.",
    not_applicable=_NOT_RUNNING,
    no_data=NOT_IN_VIEW,
    policy=True,
)
def liveness(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_pods(
        service,
        "PB-02",
        service.long_running,
        good="every app container has a liveness probe",
        nothing=_NO_PODS,
    )


@dataclass(frozen=True, slots=True)
class StartParams:
    """What a slow start may take.

    Attributes:
        start_seconds: how long a container may need until it answers.
    """

    start_seconds: int = 30


@check(
    id="PB-03",
    name="A slow start is not killed",
    severity=Severity.M,
    rule="Each container with a livenessProbe needs a startupProbe with exactly one handler, or a livenessProbe "
    "whose initialDelaySeconds + failureThreshold x periodSeconds (0, 3 and 10 where they are not set) is "
    f"at least `start_seconds`, {StartParams().start_seconds} s unless set.",
    why="The liveness probe begins to count at once: a container that starts more slowly than it "
    "allows is killed and started again, for ever.",
    remedy="Add a startupProbe (failureThreshold x periodSeconds is the time to start), or give "
    "the livenessProbe an initialDelaySeconds.",
    not_applicable="Nothing is killed where there is no liveness probe.",
    no_data=NOT_IN_VIEW,
    params=StartParams,
)
def slow_start(service: ServiceView, params: StartParams) -> Outcome:
    findings = Findings()
    for workload, container in _containers(service, findings):
        liveness_probe = _probe(container, "livenessProbe")
        if not liveness_probe:
            continue
        findings.judged += 1
        allowed = _number(liveness_probe, "initialDelaySeconds", 0) + _patience(liveness_probe)
        if not container.has_probe("startupProbe") and allowed < params.start_seconds:
            _fault(
                findings,
                workload,
                container,
                f"{container.name} is killed if it is not up after {allowed} s, and it may take "
                f"{params.start_seconds} s (start_seconds, a parameter of this check)",
                "livenessProbe",
            )
    return findings.verdict("slow starts are allowed for", nothing="there is no liveness probe")


@check(
    id="PB-04",
    name="Liveness and readiness ask different things",
    severity=Severity.M,
    rule="Where a container has both probes, they must ask something else (another handler, path, port, command "
    "or header; a named port and its number are the same), or liveness must give up later: its "
    "failureThreshold x periodSeconds (3 and 10 where they are not set) above that of readiness. Two "
    "probes that both only open a port (tcpSocket) fail as low.",
    why="With the same question and the same patience, a pod that is merely busy is restarted at "
    "the moment when it should only lose its traffic.",
    remedy="Ask another path for liveness, one that looks at nothing but the process, or let "
    "liveness wait longer than readiness.",
    not_applicable="A container without both probes.",
    no_data=NOT_IN_VIEW,
)
def different_questions(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload, container in _containers(service, findings):
        live, ready = _probe(container, "livenessProbe"), _probe(container, "readinessProbe")
        if not live or not ready:
            continue
        findings.judged += 1
        same = question(container, live) == question(container, ready)
        if same and _patience(live) <= _patience(ready):
            _fault(
                findings,
                workload,
                container,
                f"liveness and readiness of {container.name} ask the same, and liveness gives up "
                "no later",
                "livenessProbe",
            )
        elif "tcpSocket" in _handler(live) and "tcpSocket" in _handler(ready):
            fault = _fault_of(
                workload,
                container,
                f"both probes of {container.name} only open a port, which a hung process keeps open",
                "livenessProbe",
            )
            findings.faults.append(replace(fault, severity=Severity.L))
    return findings.verdict("the probes differ", nothing="no container has both probes")


@check(
    id="PB-05",
    name="Probe ports exist",
    severity=Severity.C,
    rule="The port of each httpGet, tcpSocket and grpc probe must be given: a number from 1 to 65535, or the "
    "name of a port in `ports` of the same container.",
    why="A probe that asks a port nobody opened fails always: the pod is never ready, or is "
    "restarted for ever.",
    remedy="Use a port number, or a name from this container's own `ports`.",
    not_applicable="No probe asks a port.",
    no_data=NOT_IN_VIEW,
)
def ports(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload, container in _containers(service, findings):
        names = port_names(container.raw.get("ports"))
        for probe in _PROBES:
            for handler in ("httpGet", "tcpSocket", "grpc"):
                asked = _probe(container, probe).get(handler)
                if not isinstance(asked, dict):
                    continue
                findings.judged += 1
                reason = _port_problem(asked.get("port"), names)
                if reason:
                    message = f"the {probe} of {container.name} asks {reason}"
                    _fault(findings, workload, container, message, probe, handler, "port")
    return findings.verdict("every probe asks a port that exists", nothing="no probe asks a port")


def _port_problem(port: Any, names: set[str]) -> str:
    if isinstance(port, int) and not isinstance(port, bool):
        return "" if 1 <= port <= 65535 else f"port {port}, which is no port number"
    if port is None:
        return "no port"
    if isinstance(port, str) and port in names:
        return ""
    known = f"its ports are {', '.join(sorted(names))}" if names else "it names no port"
    return f"port {port!r}: {known}"


@check(
    id="PB-06",
    name="Probe timing makes sense",
    severity=Severity.M,
    rule="For each startup, readiness and liveness probe: periodSeconds is at least 1 and timeoutSeconds not "
    "above it; the livenessProbe has a failureThreshold of at least 2; liveness and startup have a "
    "successThreshold of 1. What is not set counts with the defaults of Kubernetes: period 10, timeout 1, "
    "failureThreshold 3, successThreshold 1.",
    why="A probe that may take longer than its period never settles; a liveness probe that gives "
    "up at the first miss restarts pods at every hiccup.",
    remedy="Keep timeoutSeconds <= periodSeconds, periodSeconds >= 1, liveness failureThreshold "
    ">= 2, and successThreshold 1 for liveness and startup.",
    not_applicable="There is no probe.",
    no_data=NOT_IN_VIEW,
)
def timing(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload, container in _containers(service, findings):
        for probe in _PROBES:
            found = _probe(container, probe)
            if not found:
                continue
            findings.judged += 1
            for field, problem in _timing_problems(probe, found):
                message = f"the {probe} of {container.name} has {problem}"
                _fault(findings, workload, container, message, probe, field)
    return findings.verdict("the timing of every probe makes sense", nothing="there is no probe")


def _timing_problems(name: str, probe: dict[str, Any]) -> Iterator[tuple[str, str]]:
    period, timeout = _number(probe, "periodSeconds", 10), _number(probe, "timeoutSeconds", 1)
    if period < 1:
        yield "periodSeconds", f"periodSeconds {period}, and must have at least 1"
    elif timeout > period:
        yield "timeoutSeconds", f"timeoutSeconds {timeout} above its periodSeconds {period}"
    if name == "livenessProbe" and _number(probe, "failureThreshold", 3) < 2:
        yield "failureThreshold", "failureThreshold below 2: one missed answer restarts the pod"
    if name != "readinessProbe" and _number(probe, "successThreshold", 1) != 1:
        yield "successThreshold", "a successThreshold other than 1, which the API refuses"


def _containers(service: ServiceView, findings: Findings) -> Iterator[tuple[Workload, Container]]:
    """The service's own app containers that stay; notes the pods that are not in view."""
    for workload in service.long_running:
        if workload.unresolved:
            findings.cannot_tell(workload.unresolved, workload.manifest, "spec", "workloadRef")
        for container in workload.containers:
            yield workload, container


def _probe(container: Container, name: str) -> dict[str, Any]:
    """The probe if it has a handler, else an empty one."""
    probe = mapping(container.raw.get(name))
    return probe if _handler(probe) else {}


def _handler(probe: dict[str, Any]) -> dict[str, Any]:
    return {name: probe[name] for name in PROBE_HANDLERS if probe.get(name)}


def _number(probe: dict[str, Any], field: str, default: int) -> int:
    value = probe.get(field)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _patience(probe: dict[str, Any]) -> int:
    """Seconds of failing until the kubelet acts."""
    return _number(probe, "failureThreshold", 3) * _number(probe, "periodSeconds", 10)


def _fault_of(workload: Workload, container: Container, message: str, *keys: str) -> Fault:
    holder = workload.template_holder
    about = "" if holder is workload.manifest else workload.manifest.ref
    return Fault(message, holder, (*container.keys, *keys), container.name, about)


def _fault(
    findings: Findings, workload: Workload, container: Container, message: str, *keys: str
) -> None:
    findings.faults.append(_fault_of(workload, container, message, *keys))
