"""The page of a rollback: how far it is, what it waits for, and how that stands to the promise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may
from flagstone.delivery.merging import HOST_WAITS, NEEDS_APPROVAL
from flagstone.delivery.models import Rollback, RollbackState
from flagstone.delivery.policy import may_merge_alone
from flagstone.delivery.watching import PATIENCE, app_of
from flagstone.forge.models import PullRequest
from flagstone.web.presentation import Tone
from flagstone.web.templatetags.times import span


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the rail; `note` is its time of day."""

    position: int
    title: str
    state: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    note: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """The time since the click against the promised one."""

    seconds: float
    of: float
    tone: Tone
    words: str


@dataclass(frozen=True, slots=True)
class RollbackPage:
    rollback: Rollback
    steps: list[Step]
    promise: Promise | None
    app: str
    may_merge: bool
    may_report: bool
    may_retry: bool
    waits_for_others: bool

    @property
    def pull_request(self) -> PullRequest | None:
        return self.rollback.change_request.pull_request

    @property
    def state(self) -> str:
        return f"rollback_{self.rollback.state}"

    @property
    def follows(self) -> bool:
        """Whether something may still change by itself."""
        return self.rollback.is_live

    @property
    def patience(self) -> str:
        return span(PATIENCE)


def rollback_page(user: User, rollback: Rollback) -> RollbackPage:
    """Gather the page of a rollback, and what this person may do with it."""
    is_open = rollback.state == RollbackState.OPEN
    is_own = rollback.asked_by_id == user.pk
    is_waiting_in_my_name = is_own and rollback.merge_by_id is not None
    may_merge = may(user, "forge.merge") and (not is_own or may_merge_alone(user))
    return RollbackPage(
        rollback=rollback,
        steps=_steps(rollback),
        promise=_promise(rollback, timezone.now()),
        app=app_of(rollback),
        may_merge=is_open and may_merge and not is_waiting_in_my_name,
        may_report=rollback.is_taken_back
        and rollback.healthy_at is None
        and may(user, "delivery.report_health"),
        may_retry=rollback.state == RollbackState.FAILED and may(user, "delivery.roll_back"),
        waits_for_others=rollback.note_code in {NEEDS_APPROVAL, HOST_WAITS},
    )


def _steps(rollback: Rollback) -> list[Step]:
    state = RollbackState(rollback.state)
    moments = [rollback.clicked_at, rollback.opened_at, rollback.merged_at, rollback.healthy_at]
    titles = ["Asked for", "Pull request open", "Merged", "Healthy"]
    steps = [Step(1, titles[0], "succeeded", note=_clock(rollback.clicked_at))]
    for number in (1, 2, 3):
        begun, done = moments[number - 1], moments[number]
        word, error = _standing(rollback, state, begun=begun, done=done)
        ended = done or (rollback.ended_at if begun else None)
        steps.append(
            Step(
                position=number + 1,
                title=titles[number],
                state=word,
                # silence has no length: it says nothing of the service
                started_at=begun if word in {"succeeded", "running", "failed"} else None,
                finished_at=ended,
                note=_clock(done) if done else "",
                error=error,
            )
        )
    return steps


def _standing(
    rollback: Rollback, state: RollbackState, *, begun: datetime | None, done: datetime | None
) -> tuple[str, str]:
    """Return the state of a step, and why it failed."""
    if done:
        return "succeeded", ""
    if begun is None:
        return "waiting", ""
    match state:
        case RollbackState.FAILED:
            return "failed", "It could not be opened."
        case RollbackState.CLOSED:
            return "failed", "Closed without being merged."
        case RollbackState.UNHEALTHY:
            return "failed", rollback.health_note
        case RollbackState.UNREPORTED:
            return "skipped", ""
        case _:
            return "running", ""


def _promise(rollback: Rollback, now: datetime) -> Promise | None:
    """Return how the time since the click stands to the promise; None where that is no question any more."""
    if rollback.healthy_at is None and not rollback.is_live:
        return None
    taken, promised = (rollback.healthy_at or now) - rollback.clicked_at, rollback.promise
    if rollback.healthy_at:
        kept = taken <= promised
        words = f"Healthy {span(taken)} after the click. "
        words += f"The promise of {_minutes(promised)} is {'kept' if kept else 'missed'}."
    else:
        kept = taken <= promised
        words = f"{span(taken)} since the click. The promise is {_minutes(promised)}."
    tone: Tone = "fail" if not kept else "pass" if rollback.healthy_at else "accent"
    return Promise(taken.total_seconds(), promised.total_seconds(), tone, words)


def _minutes(promised: timedelta) -> str:
    return f"{promised.total_seconds() / 60:g} min"


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%H:%M:%S UTC")
