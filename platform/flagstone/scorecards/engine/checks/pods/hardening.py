"""SC-02 to SC-04: a read-only disk, no host, no credentials that are not needed."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.policies.manifests.objects import dig, mapping, sequence
from flagstone.policies.manifests.workloads import INJECTED_CONTAINERS, Container, PodSpec
from flagstone.scorecards.engine.checks.pods.said_alike import INJECTED_BY_NAME, NOT_IN_VIEW
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_NO_WORKLOAD = "the service has no workload"
_NONE = "The service has no workload."


def _pods(service: ServiceView, findings: Findings) -> Iterator[tuple[Workload, PodSpec]]:
    for workload in service.workloads:
        if workload.unresolved:
            findings.cannot_tell(workload.unresolved, workload.manifest, "spec", "workloadRef")
        if workload.pod:
            findings.judged += 1
            yield workload, workload.pod


def _fault(
    workload: Workload,
    pod: PodSpec,
    message: str,
    *keys: str | int,
    container: Container | None = None,
) -> Fault:
    about = "" if pod.holder is workload.manifest else workload.manifest.ref
    name = container.name if container else ""
    return Fault(
        message, pod.holder, (*(container.keys if container else pod.keys), *keys), name, about
    )


@check(
    id="SC-02",
    name="The root file system is read-only",
    severity=Severity.M,
    rule="Each container, init containers and sidecars too, must set securityContext.readOnlyRootFilesystem: "
    f"true. {INJECTED_BY_NAME}.",
    why="Whoever gets in can then change nothing that runs, and logs or caches cannot fill the "
    "node's disk.",
    remedy="Set securityContext.readOnlyRootFilesystem: true, and mount an emptyDir with a "
    "sizeLimit where the process writes.",
    not_applicable=_NONE,
    no_data=NOT_IN_VIEW,
)
def read_only(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload, pod in _pods(service, findings):
        for container in pod.containers:
            wanted = dig(container.raw, "securityContext", "readOnlyRootFilesystem")
            if wanted is not True and container.name not in INJECTED_CONTAINERS:
                message = f"container {container.name} may write to its root file system"
                keys = ("securityContext", "readOnlyRootFilesystem")
                findings.faults.append(_fault(workload, pod, message, *keys, container=container))
    return findings.verdict("every root file system is read-only", nothing=_NO_WORKLOAD)


@check(
    id="SC-03",
    name="Pods stay off the host",
    severity=Severity.C,
    rule="No pod template may set hostNetwork, hostPID or hostIPC to true, or have a hostPath volume.",
    why="The host's network, processes or disk are those of every neighbour: one bug is the whole "
    "node.",
    remedy="Leave hostNetwork, hostPID and hostIPC out, and use a volume instead of hostPath.",
    not_applicable=_NONE,
    no_data=NOT_IN_VIEW,
)
def off_the_host(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload, pod in _pods(service, findings):
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.raw.get(field) is True:
                findings.faults.append(_fault(workload, pod, f"{field} is on", field))
        for position, volume in enumerate(map(mapping, sequence(pod.raw.get("volumes")))):
            if volume.get("hostPath") is not None:
                message = f"the volume {volume.get('name')} is a folder of the host"
                keys = ("volumes", position, "hostPath")
                findings.faults.append(_fault(workload, pod, message, *keys))
    return findings.verdict("no pod uses its host", nothing=_NO_WORKLOAD)


@check(
    id="SC-04",
    name="Pods hold no token that they do not use",
    severity=Severity.M,
    rule="Each pod template must name a serviceAccountName other than default, and automountServiceAccountToken "
    "must be false: in the pod, or where the pod does not say in its ServiceAccount, if that is in the "
    "input.",
    why="The token of the default service account is in every pod of the namespace: whoever gets "
    "into one of them speaks to the cluster's API.",
    remedy="Give the workload a ServiceAccount of its own and set automountServiceAccountToken: "
    "false. A workload that does talk to the API: waive it.",
    not_applicable=_NONE,
    no_data=NOT_IN_VIEW,
)
def no_token(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload, pod in _pods(service, findings):
        # serviceAccount is the old name of the field; the API server still reads it
        given = pod.raw.get("serviceAccountName") or pod.raw.get("serviceAccount")
        name = str(given or "default")
        if name == "default":
            message = "it runs as the default service account"
            findings.faults.append(_fault(workload, pod, message, "serviceAccountName"))
        accounts = service.index.named("", "ServiceAccount", name, near=workload.manifest)
        mounted = pod.raw.get("automountServiceAccountToken")
        if mounted is None and accounts:
            mounted = accounts[0].raw.get("automountServiceAccountToken")
        if mounted is not False:
            message = "the token of its service account is mounted"
            keys = "automountServiceAccountToken"
            findings.faults.append(_fault(workload, pod, message, keys))
    return findings.verdict("no pod holds a token", nothing=_NO_WORKLOAD)
