"""Finds runs that nobody is at although there is something to do: a worker was killed, a message was lost."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from flagstone.core.models import JobState
from flagstone.forge.models import ChangeState
from flagstone.scaffolding.models import LIVE, MADE, STUCK_AFTER, RunState, ScaffoldRun

MOST_AT_ONCE = 50


@transaction.atomic
def claim_stuck_runs() -> list[UUID]:
    """Take the runs that are due for a worker; two sweeps at once take different ones."""
    now = timezone.now()
    is_due = (
        Q(state__in=(RunState.QUEUED, RunState.RUNNING))
        | (Q(state__in=LIVE) & ~Q(ending=""))
        | Q(
            state=RunState.WAITING,
            change_request__state__in=(ChangeState.MERGED, ChangeState.CLOSED),
        )
        | Q(state__in=MADE, job__state=JobState.RUNNING)
    )
    rows = (
        ScaffoldRun.objects.filter(is_due, not_before__lte=now, touched_at__lte=now - STUCK_AFTER)
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("touched_at")
        .values_list("pk", flat=True)[:MOST_AT_ONCE]
    )
    claimed = list(rows)
    ScaffoldRun.objects.filter(pk__in=claimed).update(touched_at=now)
    return claimed
