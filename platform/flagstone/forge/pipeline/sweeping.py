"""Finds changes that nobody is at: their worker was killed, or the message to it was lost."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from flagstone.forge.models import ChangeRequest

MOST_AT_ONCE = 50


@transaction.atomic
def claim_stuck_changes() -> list[UUID]:
    """Take the changes that are due for a worker; two sweeps at once take different ones."""
    now = timezone.now()
    rows = (
        ChangeRequest.objects.stuck(now)
        .select_for_update(skip_locked=True)
        .order_by("not_before")
        .values_list("pk", flat=True)[:MOST_AT_ONCE]
    )
    claimed = list(rows)
    ChangeRequest.objects.filter(pk__in=claimed).update(touched_at=now)
    return claimed
