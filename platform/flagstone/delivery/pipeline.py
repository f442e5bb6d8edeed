"""Carries a rollback out: look, act if needed, record; safe to kill anywhere, and to call as often as one likes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from flagstone.catalog.models import Entity
from flagstone.core.errors import Conflict
from flagstone.core.locks import only_one_at
from flagstone.delivery.merging import merge_if_allowed
from flagstone.delivery.models import Rollback, RollbackState
from flagstone.delivery.recording import move, remark
from flagstone.delivery.watching import give_up_waiting, look_for_health
from flagstone.forge.errors import ChangeBusy, ForgeError
from flagstone.forge.hosts.base import PullRequestState
from flagstone.forge.models import ChangeState, PullRequest
from flagstone.forge.models.change_requests import HALTED
from flagstone.forge.pipeline import look_for_pull_request, ship

MOST_AT_ONCE = 100
LOOK_AGAIN = timedelta(seconds=30)


def carry_out(rollback_id: UUID, *, commits: Sequence[str] = ()) -> None:
    """Bring a rollback as far as it goes now.

    Args:
        rollback_id: Which one.
        commits: Of which a check has just spoken; they are looked at besides the merge and the newest one.

    Raises:
        ForgeError: The code host is not there for it now; the sweep tries again.
    """
    with only_one_at(rollback_id) as is_ours:
        if not is_ours:
            return
        rollback = _load(rollback_id)
        while step := _STEPS.get(RollbackState(rollback.state)):
            if not step(rollback):
                break
        if rollback.is_taken_back and rollback.healthy_at is None:
            look_for_health(rollback, commits)
            give_up_waiting(rollback)


@transaction.atomic
def claim_due() -> list[UUID]:
    """Take the rollbacks that a worker should look at; two sweeps at once take different ones."""
    now = timezone.now()
    due = Rollback.objects.due(now).order_by("not_before")
    rows = due.select_for_update(skip_locked=True, of=("self",))
    claimed = list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
    Rollback.objects.filter(pk__in=claimed).update(not_before=now + LOOK_AGAIN)
    return claimed


def find_lost(service: Entity, commit: str) -> None:
    """Look whether a rollback that failed has its pull request after all: a second one would be too many.

    Args:
        service: Which one is to be rolled back.
        commit: What is to be taken back.

    Raises:
        ForgeError: The code host cannot be asked.
    """
    failed = Rollback.objects.of(service).filter(
        state=RollbackState.FAILED, reverted_commit=commit, change_request__pushed_at__isnull=False
    )
    for rollback in failed.select_related("job", "change_request__repository__host"):
        if look_for_pull_request(rollback.change_request) and _revive(rollback):
            _settle(rollback)


def _load(rollback_id: UUID) -> Rollback:
    related = ("entity", "job", "asked_by", "merge_by", "change_request__repository__host")
    return Rollback.objects.select_related(*related).get(pk=rollback_id)


def _open(rollback: Rollback) -> bool:
    """Ship the pull request; tell whether the rollback moved on."""
    try:
        ship(rollback.change_request_id)
    except ChangeBusy:
        raise
    except (Conflict, ForgeError) as error:
        rollback.change_request.refresh_from_db()
        if rollback.change_request.state in HALTED:
            return move(rollback, RollbackState.FAILED, note=error.message, note_code=error.code)
        remark(rollback, error.message, error.code)
        raise
    return _settle(rollback)


def _merge(rollback: Rollback) -> bool:
    """Merge it if that is allowed; tell whether the rollback moved on."""
    if _settle(rollback):
        return True
    return merge_if_allowed(rollback) and _settle(rollback)


def _settle(rollback: Rollback) -> bool:
    """Write down how the pull request stands, as last recorded; tell whether the rollback moved on."""
    change = rollback.change_request
    change.refresh_from_db()
    pull_request = change.pull_request
    if pull_request is None:
        if change.state == ChangeState.NO_CHANGE:
            return move(
                rollback, RollbackState.FAILED, note=change.last_error, note_code="forge.no_change"
            )
        return False
    if rollback.state == RollbackState.ASKED:
        return move(rollback, RollbackState.OPEN, opened_at=_opened_at(rollback, pull_request))
    if pull_request.state == PullRequestState.MERGED:
        return _record_merge(rollback, pull_request)
    if pull_request.state == PullRequestState.CLOSED:
        return move(rollback, RollbackState.CLOSED, ended_at=pull_request.closed_at)
    return False


def _revive(rollback: Rollback) -> bool:
    """Go on with one that failed, whose pull request was found after all; tell whether it moved on."""
    change = rollback.change_request
    change.refresh_from_db()
    pull_request = change.pull_request
    if pull_request is None:
        return False
    if pull_request.state == PullRequestState.MERGED:
        return _record_merge(rollback, pull_request)
    opened_at = _opened_at(rollback, pull_request)
    # another one of the service may be pending by now: then this one waits for what people do with it
    with contextlib.suppress(IntegrityError):
        return move(rollback, RollbackState.OPEN, opened_at=opened_at, ended_at=None)
    return False


def _opened_at(rollback: Rollback, pull_request: PullRequest) -> datetime:
    """Return when it was opened; a code host has a clock of its own, and the click was read off ours."""
    return min(max(pull_request.opened_at, rollback.clicked_at), timezone.now())


def _record_merge(rollback: Rollback, pull_request: PullRequest) -> bool:
    opened_at = rollback.opened_at or _opened_at(rollback, pull_request)
    took = (pull_request.merged_at or timezone.now()) - pull_request.opened_at
    return move(
        rollback,
        RollbackState.MERGED,
        opened_at=opened_at,
        merged_at=opened_at + max(took, timedelta()),
        ended_at=None,
        merge_commit=pull_request.merge_commit,
    )


_STEPS: Mapping[RollbackState, Callable[[Rollback], bool]] = {
    RollbackState.ASKED: _open,
    RollbackState.OPEN: _merge,
    RollbackState.FAILED: _revive,
}
