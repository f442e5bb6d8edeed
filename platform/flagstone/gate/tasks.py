"""What the workers run for the gate."""

from __future__ import annotations

import contextlib
from typing import Any

from celery import shared_task

from flagstone.core.tasks import FlagstoneTask
from flagstone.forge.errors import ForgeError
from flagstone.gate.pull_requests.telling import claim_untold_verdicts
from flagstone.gate.pull_requests.telling import tell_verdict as tell


@shared_task(base=FlagstoneTask, name="flagstone.gate.tell_verdict")
def tell_verdict(pull_request_id: int, **_later: Any) -> None:
    # the row keeps the failure and when to try again
    with contextlib.suppress(ForgeError):
        tell(pull_request_id)


@shared_task(base=FlagstoneTask, name="flagstone.gate.sweep_verdicts")
def sweep_verdicts(**_later: Any) -> None:
    """Take up verdicts that nobody told, and pull requests that nobody judged."""
    for pull_request_id in claim_untold_verdicts():
        tell_verdict.delay_on_commit(pull_request_id)
