"""Which pull requests concern a service."""

from __future__ import annotations

import re
from datetime import datetime

from django.db.models import Q, QuerySet

from flagstone.catalog.models import Entity
from flagstone.forge.hosts.base import PullRequestState
from flagstone.forge.models import PullRequest, RepositoryRole
from flagstone.forge.selectors import list_pull_requests
from flagstone.web.pull_requests import REVIEW_PROMISE

CONCERNED = (
    "Those of its own repository, those that change its folder in the GitOps repository as far as Flagstone opened "
    "them, and those of the GitOps repository that name it in their title or branch."
)


def pulls_of(service: Entity) -> QuerySet[PullRequest]:
    """Return the pull requests that concern a service, the newest first."""
    return _concerning([service]).select_related("change_request")


def waiting_for_review(services: list[Entity], now: datetime) -> list[PullRequest]:
    """List the pull requests of some services that nobody has looked at within the promise, the oldest first."""
    if not services:
        return []
    late = Q(ready_at__lt=now - REVIEW_PROMISE) | Q(
        ready_at=None, opened_at__lt=now - REVIEW_PROMISE
    )
    waiting = _concerning(services).filter(
        late, state=PullRequestState.OPEN, is_draft=False, first_review_at=None
    )
    return list(waiting.order_by("opened_at"))


def _concerning(services: list[Entity]) -> QuerySet[PullRequest]:
    names = "|".join(re.escape(service.name) for service in services)
    # a name ends where no letter, digit or dash goes on; in a branch a dash may follow it
    in_title = rf"(^|[^[:alnum:]-])({names})($|[^[:alnum:]-])"
    in_branch = rf"(^|[^[:alnum:]-])({names})($|[^[:alnum:]])"
    own = Q(repository__full_name__iregex=rf"/({names})$")
    named = Q(repository__role=RepositoryRole.GITOPS) & (
        Q(title__iregex=in_title) | Q(source_branch__iregex=in_branch)
    )
    shipped = Q(
        pk__in=PullRequest.objects.filter(
            change_request__files__path__iregex=rf"^services/({names})/"
        ).values("pk")
    )
    return list_pull_requests().filter(own | named | shipped)
