"""Merging against the gate's word takes a second step, so that nobody does it unseen."""

from __future__ import annotations

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.core import audit
from flagstone.core.errors import Conflict
from flagstone.forge import actions
from flagstone.forge.hosts.base import MergeMethod
from flagstone.forge.models import PullRequest
from flagstone.gate.models import PullRequestVerdict
from flagstone.gate.verdict import Decision


class GateStops(Conflict):
    """The gate says stop of the very commit that is to be merged."""

    default_code = "gate.stops"


def merge_pull_request(
    *,
    actor: User,
    pull_request: PullRequest,
    expected_head: str,
    method: MergeMethod = MergeMethod.MERGE,
    despite_stop: bool = False,
) -> PullRequest:
    """Merge what the person looked at, see `flagstone.forge.actions.merge_pull_request`.

    Args:
        actor: Who merges.
        pull_request: What is merged.
        expected_head: The commit that the person looked at.
        method: A merge commit, or one commit of everything.
        despite_stop: The person read that the gate says stop, and means it; it is written into the audit chain.

    Raises:
        Forbidden: The person may not.
        GateStops: The gate says stop, and nobody said to merge all the same.
        UserError: As the action and the code host say.
    """
    require(actor, "forge.merge")
    stops = PullRequestVerdict.objects.filter(
        pull_request=pull_request, head_commit=expected_head, decision=Decision.STOP
    ).exists()
    if stops and pull_request.is_open:
        if not despite_stop:
            raise GateStops(
                f"The gate says stop of {pull_request}. Mend what it names, or say that it is to be merged all "
                "the same: that goes into the audit chain with your name."
            )
        audit.record(
            actor=actor,
            action="gate.stop_overruled",
            subject=f"pull-request:{pull_request}",
            data={"head": expected_head},
        )
    return actions.merge_pull_request(
        actor=actor, pull_request=pull_request, expected_head=expected_head, method=method
    )
