"""Flagstone's verdict on a pull request, as its page tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flagstone.forge.models import PullRequest
from flagstone.gate.models import PullRequestVerdict
from flagstone.gate.verdict import Decision, Reason
from flagstone.scorecards.selectors import PRODUCTION_READINESS


@dataclass(frozen=True, slots=True)
class ShownVerdict:
    """A verdict with its reasons, the gravest first.

    Args:
        commit: The one that was judged.
        is_outdated: There are newer commits.
        slug: The scorecard whose checks are among the reasons.
        untold: Why the code host does not show it; empty when it does or soon will.
    """

    decision: str
    reasons: tuple[Reason, ...]
    commit: str
    judged_at: datetime
    is_outdated: bool
    untold: str
    slug: str = PRODUCTION_READINESS

    @property
    def is_stop(self) -> bool:
        """Whether the commit that is there now should not be merged."""
        return self.decision == Decision.STOP and not self.is_outdated


def verdict_on(pull_request: PullRequest, head: str) -> ShownVerdict | None:
    """Return what was said of a pull request whose last commit is `head`; None while it was not judged."""
    row = PullRequestVerdict.objects.filter(pull_request=pull_request).first()
    if row is None:
        return None
    reasons = [Reason(**{**each, "state": Decision(each["state"])}) for each in row.reasons]
    return ShownVerdict(
        decision=row.decision,
        reasons=tuple(sorted(reasons, key=lambda reason: -reason.state.rank)),
        commit=row.head_commit,
        judged_at=row.judged_at,
        is_outdated=row.head_commit != head,
        untold=row.error,
    )
