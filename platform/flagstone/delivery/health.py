"""Reads from the statuses of a commit whether Argo CD calls a service healthy on it. Silence says nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flagstone.forge.hosts.base import CommitStatus, StatusState

# argocd-notifications: the names that its documentation uses
_PREFIXES = ("argocd/", "continuous-delivery/")
APP_ANNOTATION = "argocd/app-name"


def word_on_health(
    statuses: Iterable[CommitStatus], app: str, *, since: datetime
) -> CommitStatus | None:
    """Return the newest status that speaks of an application, the good one of two at the same time.

    Args:
        statuses: Of a commit.
        app: What Argo CD calls the service.
        since: What was said before the merge is about something else. Code hosts count seconds.
    """
    contexts = {f"{prefix}{app}".casefold() for prefix in _PREFIXES}
    begin = since.replace(microsecond=0)
    said = [
        status
        for status in statuses
        if status.context.casefold() in contexts and status.at >= begin
    ]
    return max(said, key=lambda each: (each.at, _is_good(each)), default=None)


def _is_good(status: CommitStatus) -> bool:
    return status.state is StatusState.SUCCESS
