"""IM: which image a container runs."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.pods.said_alike import INJECTED, NOT_IN_VIEW
from flagstone.scorecards.engine.outcome import Outcome
from flagstone.scorecards.engine.policy_checks import judge_pods
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NO_WORKLOAD = "the service has no workload"


@check(
    id="IM-01",
    name="Images are pinned by digest",
    severity=Severity.M,
    rule="The image of each container, init containers too, must end in @sha256: and 64 hexadecimal digits, and "
    "come from one of the policy's `registries`, where these are set. A tag alone, or another digest, "
    f"fails as medium; no image, no tag, `latest` and another registry fail as high. {INJECTED}.",
    why="A tag can be moved: the same manifest runs another program tomorrow, a rollback brings "
    "back something else, and nobody can say what ran.",
    remedy="Write the image as registry/name@sha256:<64 hex digits> (a tag before the @ is fine), "
    "from a registry that the policy allows; kustomize's images: digest: does it at render time.",
    not_applicable="The service has no workload.",
    no_data=NOT_IN_VIEW,
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
