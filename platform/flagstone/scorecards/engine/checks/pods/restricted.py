"""SC-01: what the containers of a pod may do."""

from __future__ import annotations

from flagstone.scorecards.engine.outcome import Outcome
from flagstone.scorecards.engine.policy_checks import judge_pods
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_UNRESOLVED = (
    "The pods come from a `workloadRef` whose target is not in the input; score a folder that "
    "holds it too."
)
_NO_WORKLOAD = "the service has no workload"
_WINDOWS = "its pods run on Windows, which knows none of these settings"


@check(
    id="SC-01",
    name="Containers run as PodSecurity `restricted` wants",
    severity=Severity.H,
    why="A container that may be root, escalate or use every capability turns a bug in one "
    "library into control of the node.",
    remedy="Pod: runAsNonRoot: true, seccompProfile.type RuntimeDefault. Container: "
    "allowPrivilegeEscalation: false, capabilities.drop [ALL], not privileged, no runAsUser 0.",
    not_applicable="The service has no workload; Windows pods.",
    no_data=_UNRESOLVED,
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
