"""What people do with the changes that Flagstone ships."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.core import audit
from flagstone.core.errors import Conflict
from flagstone.forge import pipeline, tasks
from flagstone.forge.models import ChangeRequest, ChangeState, Repository
from flagstone.forge.models.change_requests import HALTED
from flagstone.forge.pipeline.changes import Files


@transaction.atomic
def request_change(
    *,
    actor: User,
    repository: Repository,
    title: str,
    body: str,
    files: Files,
    source: str,
    change_id: UUID | None = None,
    labels: tuple[str, ...] = (),
) -> ChangeRequest:
    """Ask for a pull request that brings these files; a worker ships it.

    Args:
        actor: Who asks; the author of the commit.
        repository: Where it goes.
        title: Of the commit and the pull request.
        body: Why, for both.
        files: What each file shall be; None deletes it.
        source: What asked, such as `fix:<check>:<entity>`.
        change_id: The caller's own key: asking again with it gives the same change.
        labels: Of the pull request.

    Raises:
        Forbidden: The person may not.
        InvalidPath, ChangeTooLarge, EmptyChange: The files cannot be shipped.
        Conflict: The id was used for another change.
    """
    require(actor, "forge.request_change")
    change = pipeline.record_change(
        requested_by=actor,
        repository=repository,
        title=title,
        body=body,
        files=files,
        source=source,
        change_id=change_id,
        labels=labels,
    )
    tasks.ship_change.delay_on_commit(str(change.pk))
    return change


@transaction.atomic
def resume_change(*, actor: User, change: ChangeRequest) -> ChangeRequest:
    """Try a change again that failed or needed somebody's attention.

    Raises:
        Conflict: It neither failed nor waits for anybody.
    """
    require(actor, "forge.request_change")
    rows = ChangeRequest.objects.filter(pk=change.pk, state__in=HALTED)
    now = timezone.now()
    state = _state_to_go_on_from(change)
    if not rows.update(state=state, attempts=0, not_before=now, touched_at=now, last_error=""):
        raise Conflict(
            f"The change “{change.title}” is {change.get_state_display().lower()}; "
            "there is nothing to resume.",
            code="forge.change_not_halted",
        )
    audit.record(actor=actor, action="forge.change_resumed", subject=f"change:{change.pk}")
    tasks.ship_change.delay_on_commit(str(change.pk))
    change.refresh_from_db()
    return change


@transaction.atomic
def rebuild_change(*, actor: User, change: ChangeRequest) -> ChangeRequest:
    """Build an open change again on what its target branch holds now, such as after a conflict.

    Raises:
        Forbidden: The person may not.
        Conflict: Its pull request is not open, a worker is at it, or its files fit one commit only.
    """
    require(actor, "forge.request_change")
    if change.based_on:
        raise Conflict(
            f"The files of “{change.title}” were worked out on {change.based_on[:12]}: put on another commit "
            "they would undo what came since. Close its pull request, and ask for it anew.",
            code="forge.change_bound",
        )
    now = timezone.now()
    rows = ChangeRequest.objects.filter(pk=change.pk, state=ChangeState.OPENED)
    moved = rows.update(
        state=ChangeState.REBUILDING,
        attempts=0,
        not_before=now,
        touched_at=now,
        last_error="",
        warnings=[],
    )
    if not moved:
        raise Conflict(
            f"The change “{change.title}” is {change.get_state_display().lower()}; only one whose pull "
            "request is open can be rebuilt.",
            code="forge.change_not_open",
        )
    audit.record(actor=actor, action="forge.change_rebuilt", subject=f"change:{change.pk}")
    tasks.ship_change.delay_on_commit(str(change.pk))
    change.refresh_from_db()
    return change


def _state_to_go_on_from(change: ChangeRequest) -> ChangeState:
    if change.pull_request_id is not None:
        return ChangeState.DECORATING
    return ChangeState.COMMITTED if change.commit else ChangeState.REQUESTED
