"""What scaffolding does when a pull request or the catalogue changed: it only enqueues."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from flagstone.catalog.signals import entities_changed
from flagstone.core.models import JobState
from flagstone.forge.hosts.base import PullRequestState
from flagstone.forge.signals import pull_request_changed
from flagstone.scaffolding.models import MADE, RunState, ScaffoldRun
from flagstone.scaffolding.tasks import execute_run


@receiver(pull_request_changed)
def go_on_after_the_merge(sender: Any, pull_request_id: int, state: str, **kwargs: Any) -> None:
    """Let a waiting run see that its pull request was merged or closed."""
    if state == PullRequestState.OPEN:
        return
    waiting = ScaffoldRun.objects.filter(
        state=RunState.WAITING, change_request__pull_request_id=pull_request_id
    )
    for run_id in waiting.values_list("pk", flat=True):
        execute_run.delay_on_commit(str(run_id))


@receiver(entities_changed)
def finish_once_known(sender: Any, refs: list[str], **kwargs: Any) -> None:
    """Let a merged run see that the catalogue has its service."""
    made = ScaffoldRun.objects.filter(state__in=MADE, job__state=JobState.RUNNING)
    for run in made:
        if run.entity_ref in refs:
            execute_run.delay_on_commit(str(run.pk))
