"""What the gate does when a pull request changed: it only enqueues."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from flagstone.forge.hosts.base import PullRequestState
from flagstone.forge.signals import pull_request_changed
from flagstone.gate.tasks import tell_verdict


@receiver(pull_request_changed)
def judge_it(sender: Any, pull_request_id: int, state: str, **kwargs: Any) -> None:
    if state == PullRequestState.OPEN:
        tell_verdict.delay_on_commit(pull_request_id)
