"""What a pull request of ours has besides: labels, and people who are asked to look at it.

None of it fails the change: what is refused becomes a warning, and the pull request stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from flagstone.forge.connections import connect
from flagstone.forge.errors import Permanent
from flagstone.forge.hosts.base import Forge
from flagstone.forge.models import ChangeRequest, ChangeState
from flagstone.forge.people import account_at
from flagstone.forge.pipeline.pull_requests import record_pull_request
from flagstone.forge.pipeline.recording import record_progress


def decorate(change: ChangeRequest) -> None:
    """Add what is asked for; doing it again adds nothing.

    Raises:
        Retryable, OutcomeUnknown: Not now.
    """
    warnings = []
    for what, add in _decorations(change, connect(change.repository.host)):
        try:
            add()
        except Permanent as error:
            warnings.append(f"{what}: {error.message}")
    record_progress(change, ChangeState.OPENED, warnings=warnings)


def _decorations(change: ChangeRequest, forge: Forge) -> Iterator[tuple[str, Callable[[], None]]]:
    if change.pull_request is None:
        return
    name, number = change.repository.full_name, change.pull_request.number
    if change.labels:
        yield "Labels", partial(_label, change, forge, number)
    reviewers = [
        account_at(change.repository.host, person).login for person in change.reviewers.all()
    ]
    if reviewers:
        yield "Reviewers", partial(forge.request_reviewers, name, number, tuple(sorted(reviewers)))


def _label(change: ChangeRequest, forge: Forge, number: int) -> None:
    found = forge.set_labels(change.repository.full_name, number, tuple(change.labels))
    change.pull_request = record_pull_request(change.repository, found).pull_request
