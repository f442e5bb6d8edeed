"""Takes a change request to its pull request: look, act if needed, record; safe to kill anywhere.

What is recorded is always a little behind the code host, never ahead of it. So a new worker looks at
the branch and the pull requests first, and the exact lease of the push decides where two would race.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from flagstone.core.backoff import backoff
from flagstone.core.errors import Conflict, FlagstoneError, NotFound
from flagstone.core.locks import only_one_at
from flagstone.core.redaction import redact
from flagstone.forge.errors import (
    BranchOccupied,
    ChangeBusy,
    EmptyChange,
    ForgeError,
    RateLimited,
    Retryable,
    Unexpected,
)
from flagstone.forge.models import ChangeRequest, ChangeState, PullRequest
from flagstone.forge.models.change_requests import HALTED
from flagstone.forge.pipeline.decorating import decorate
from flagstone.forge.pipeline.opening import open_pull_request
from flagstone.forge.pipeline.publishing import publish
from flagstone.forge.pipeline.rebuilding import rebuild
from flagstone.forge.pipeline.recording import record_progress

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 10
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 600.0
# the pull request is open; what a person does if the rest cannot be done
_LEFT_TO_DO = {
    ChangeState.REBUILDING: "It may not stand on its target branch's newest commit: have it rebuilt again.",
    ChangeState.DECORATING: "Labels or reviewers may be missing: add them at the code host.",
}
# to wait for one's turn is no attempt
_NO_ATTEMPT = (RateLimited, ChangeBusy)
# a longer wait is not for one's turn: the code host wants to be left alone
_A_TURN = timedelta(seconds=30)


def ship(change_id: UUID) -> PullRequest | None:
    """Bring a change request as far as a worker can: to an open pull request.

    Whatever was done before is found and not done again: at the end there is one branch and one pull
    request, however often and by however many workers this is called.

    Args:
        change_id: The change request.

    Returns:
        The pull request; None if there was nothing to change.

    Raises:
        Retryable, OutcomeUnknown: Not now; the sweep tries it again at the time that is recorded.
        Conflict: It needs somebody's attention, or failed for good; the row says why.
        NotFound: There is no such change request.
    """
    with _alone(change_id):
        change = _load(change_id)
        if change.is_shipping:
            _begin(change)
        while change.is_shipping:
            try:
                _step(change)
            except EmptyChange as error:
                record_progress(change, ChangeState.NO_CHANGE, last_error=error.message)
            except ForgeError as error:
                _record_failure(change, error)
                raise
            except (InterfaceError, OperationalError):
                raise  # the database is away: there is nowhere to write it down
            except Exception as error:
                failure = _as_failure(change, error)
                _record_failure(change, failure)
                raise failure from error
    if change.state in HALTED:
        raise Conflict(
            change.last_error,
            code=change.error_code or "forge.change_halted",
            change_id=str(change_id),
        )
    return change.pull_request


def _begin(change: ChangeRequest) -> None:
    """Count the attempt, which a worker that is killed cannot do afterwards.

    Raises:
        ChangeBusy: A wait was agreed with the code host; it holds whoever asks.
        Conflict: It was tried often enough.
    """
    wait = (change.not_before - timezone.now()).total_seconds()
    if wait > 0 and change.last_error:
        raise ChangeBusy(
            f"The change is tried again in {wait:.0f} seconds: {change.last_error}",
            retry_after=wait,
        )
    change.attempts += 1
    if change.attempts > MOST_ATTEMPTS:
        message = f"{MOST_ATTEMPTS} attempts did not finish it. {change.last_error}".strip()
        if (state := _state_given_up(change)) is ChangeState.OPENED:
            record_progress(
                change, state, warnings=[f"{message} {_LEFT_TO_DO[ChangeState(change.state)]}"]
            )
        else:
            record_progress(change, state, last_error=message, error_code="forge.gave_up")
    else:
        record_progress(change, ChangeState(change.state), attempts=change.attempts)


def _step(change: ChangeRequest) -> None:
    if change.state == ChangeState.PUSHED:
        open_pull_request(change)
    elif change.state == ChangeState.REBUILDING:
        rebuild(change)
    elif change.state == ChangeState.DECORATING:
        decorate(change)
    else:
        publish(change)


def _load(change_id: UUID) -> ChangeRequest:
    related = ("repository__host", "requested_by", "pull_request__repository")
    try:
        return ChangeRequest.objects.select_related(*related).get(pk=change_id)
    except ChangeRequest.DoesNotExist as error:
        raise NotFound(f"There is no change request {change_id}.") from error


def _record_failure(change: ChangeRequest, error: ForgeError) -> None:
    """Write down why it is not done, and when it is tried again."""
    now = timezone.now()
    attempts = change.attempts - isinstance(error, _NO_ATTEMPT)
    wait = timedelta(
        seconds=error.retry_after
        or backoff(change.attempts, first=_FIRST_WAIT, longest=_LONGEST_WAIT)
    )
    values: dict[str, Any] = {"last_error": error.message, "error_code": error.code}
    state = _state_after(change, error, attempts)
    if state is ChangeState.OPENED:  # the pull request stands; only what belongs to it is missing
        values = {"warnings": [error.message]}
    ChangeRequest.objects.filter(pk=change.pk, state=change.state).update(
        state=state, attempts=attempts, not_before=now + wait, touched_at=now, **values
    )
    if isinstance(error, RateLimited) and wait > _A_TURN:
        # the code host said so of the credential: nobody who uses it needs to try earlier
        host = change.repository.host
        ChangeRequest.objects.shipping().filter(
            repository__host=host, not_before__lt=now + wait
        ).update(not_before=now + wait)


def _as_failure(change: ChangeRequest, error: Exception) -> ForgeError:
    """Return what nobody foresaw as a failure to try again: a bug may be mended, a missing key put back."""
    if isinstance(error, FlagstoneError):
        return Retryable(error.message, code=error.code)
    told = redact("".join(traceback.format_exception(error)))
    logger.error("the change %s ended in an unexpected error: %s", change.pk, told)
    [reason, *_] = str(error).splitlines() or ["no reason given"]
    return Unexpected(
        f"An error that nobody foresaw ended the attempt ({type(error).__name__}: {reason[:300]}). If trying again "
        "does not help, look into the worker's log."
    )


def _state_after(change: ChangeRequest, error: ForgeError, attempts: int) -> ChangeState:
    if isinstance(error, BranchOccupied):
        return ChangeState.NEEDS_ATTENTION
    if error.retryable and attempts < MOST_ATTEMPTS:
        return ChangeState(change.state)
    return _state_given_up(change)


def _state_given_up(change: ChangeRequest) -> ChangeState:
    """Return where a change stays that nobody tries any more: where its pull request is open, that stands."""
    return ChangeState.OPENED if change.state in _LEFT_TO_DO else ChangeState.FAILED


@contextlib.contextmanager
def _alone(change_id: UUID) -> Iterator[None]:
    """Let one worker at a change at a time.

    It is a courtesy, not the fence: that is the exact lease of the push and the code host's refusal of a
    second pull request.

    Raises:
        ChangeBusy: Another worker is at it.
    """
    with only_one_at(change_id) as is_ours:
        if not is_ours:
            raise ChangeBusy("Another worker is at this change.", retry_after=2.0)
        yield
