"""What happens to rollbacks when a pull request or the word on a commit changed: it only enqueues."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from flagstone.delivery.models import Rollback
from flagstone.delivery.tasks import carry_out
from flagstone.forge.signals import commits_judged, pull_request_changed

# a word that comes later is about another deployment
NEWS_AGE = timedelta(days=1)


@receiver(pull_request_changed)
def go_on(sender: Any, pull_request_id: int, **kwargs: Any) -> None:
    """Go on with the rollback behind a pull request that was opened, approved, merged or closed."""
    behind = Rollback.objects.filter(change_request__pull_request_id=pull_request_id)
    for rollback_id in behind.not_merged().values_list("pk", flat=True):
        carry_out.delay_on_commit(str(rollback_id))


@receiver(commits_judged)
def look_at_health(sender: Any, repository_id: int, commits: Sequence[str], **kwargs: Any) -> None:
    """Look whether the commits that were spoken of are healthy ones of a service that was rolled back."""
    since = timezone.now() - NEWS_AGE
    waiting = Rollback.objects.waiting_for_health(repository_id, since)
    for rollback_id in waiting.values_list("pk", flat=True):
        carry_out.delay_on_commit(str(rollback_id), list(commits))
