"""The page of a pull request that people review at its code host."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may
from flagstone.forge import elsewhere
from flagstone.forge.elsewhere import HostView
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.hosts.base import PullRequestState
from flagstone.web import pull_requests
from flagstone.web.links import web_address
from flagstone.web.pull_requests import (
    FILES_SHOWN,
    REVIEW_PROMISE,
    has_failed_status,
    shown_statuses,
)


@dataclass(frozen=True, slots=True)
class FirstReview:
    """How a pull request stands against the promise of a first review within a day.

    Args:
        since: When it was ready to be reviewed.
        at: When the review came; None while it has not.
        is_late: The promise was broken.
    """

    since: datetime
    at: datetime | None
    is_late: bool


def first_review_of(live: HostPullRequest, now: datetime) -> FirstReview | None:
    """Return how long the first review took, or takes; None for a draft and what was never reviewed."""
    since, at = live.ready_at or live.opened_at, live.first_review_at
    is_waiting = live.state is PullRequestState.OPEN and not live.is_draft
    if at is None and not is_waiting:
        return None
    return FirstReview(since, at, (at or now) - since > REVIEW_PROMISE)


def _uncounted(view: HostView) -> int:
    """Return how many changed lines are no person's: those of generated, vendored and lock files."""
    if view.size is None or view.written_lines is None:
        return 0
    return max(view.size.additions + view.size.deletions - view.written_lines, 0)


def context_of(user: User, view: HostView) -> dict[str, Any]:
    """Return what the page shows, apart from what every pull request's page shows."""
    live, files = view.live, view.files
    return {
        "view": view,
        "failure": view.failure.message if view.failure else "",
        "read_at": view.pull_request.repository.synced_at,
        "host": view.pull_request.repository.host,
        "host_url": web_address(live.url),
        "size": pull_requests.size_of_change(view.pull_request, view.written_lines),
        "review": first_review_of(live, timezone.now()),
        "remarks": pull_requests.remarks_of(live, view.body),
        "approvals": pull_requests.approvals_of(live),
        "mergeable": view.is_mergeable,
        "needs_somebody_else": view.is_live and elsewhere.needs_somebody_else(user, view),
        "files": None if files is None else files[:FILES_SHOWN],
        "uncounted": _uncounted(view),
        "more_files": max(len(files or ()) - FILES_SHOWN, 0),
        "statuses": None if view.statuses is None else shown_statuses(view.statuses),
        "has_failed_status": has_failed_status(view.statuses or {}),
        "has_conflict": live.has_conflict,
        "may_merge": may(user, "forge.merge"),
    }
