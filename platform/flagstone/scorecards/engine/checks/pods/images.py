"""IM: which image a container runs."""

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


@check(
    id="IM-01",
    name="Images are pinned by digest",
    severity=Severity.M,
    why="A tag can be moved: the same manifest runs another program tomorrow, a rollback brings "
    "back something else, and nobody can say what ran.",
    remedy="Write the image as registry/name@sha256:<64 hex digits> (a tag before the @ is fine), "
    "from a registry that the policy allows; kustomize's images: digest: does it at render time.",
    not_applicable="The service has no workload.",
    no_data=_UNRESOLVED,
    policy=True,
)
def pinned(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_pods(
        service,
        "IM-01",
        service.workloads,
        good="every image is pinned by digest",
        nothing=_NO_WORKLOAD,
    )
