"""SC-01: what the containers of a pod may do."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.pods.said_alike import INJECTED, NOT_IN_VIEW
from flagstone.scorecards.engine.outcome import Outcome
from flagstone.scorecards.engine.policy_checks import judge_pods
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NO_WORKLOAD = "the service has no workload"
_WINDOWS = "its pods run on Windows, which knows none of these settings"


@check(
    id="SC-01",
    name="Containers run as PodSecurity `restricted` wants",
    severity=Severity.H,
    rule="Each container, init containers too, must have in force, from its own securityContext or else from "
    "the pod's: runAsNonRoot: true, no runAsUser 0, and a seccompProfile of type RuntimeDefault or "
    "Localhost. Its own securityContext must not say privileged: true, must say allowPrivilegeEscalation: "
    f"false, and must drop the capability ALL and add none but NET_BIND_SERVICE. {INJECTED}.",
    why="A container that may be root, escalate or use every capability turns a bug in one "
    "library into control of the node.",
    remedy="Pod: runAsNonRoot: true, seccompProfile.type RuntimeDefault. Container: "
    "allowPrivilegeEscalation: false, capabilities.drop [ALL], not privileged, no runAsUser 0.",
    not_applicable="The service has no workload; Windows pods.",
    no_data=NOT_IN_VIEW,
    policy=True,
)
def restricted(service: ServiceView, _params: NoParams) -> Outcome:
    judged = [one for one in service.workloads if not (one.pod and one.pod.on_windows)]
    return judge_pods(
        service,
        "SC-01",
        judged,
        good="every container is restricted",
        nothing=_WINDOWS if service.workloads else _NO_WORKLOAD,
    )
