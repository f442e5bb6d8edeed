"""Writes down how far a change came, at once, so that whoever goes on with it knows."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from flagstone.forge.errors import ChangeBusy
from flagstone.forge.models import ChangeRequest, ChangeState


def record_progress(
    change: ChangeRequest, state: ChangeState, **fields: str | int | datetime | list[str]
) -> None:
    """Write down what was done; a row that somebody else moved on is left alone.

    Raises:
        ChangeBusy: Somebody else moved it on.
    """
    values = {"touched_at": timezone.now(), "last_error": "", "error_code": "", **fields}
    with transaction.atomic(durable=True):
        rows = ChangeRequest.objects.filter(pk=change.pk, state=change.state)
        if not rows.update(state=state, **values):
            raise ChangeBusy("Another worker went on with this change.")
    change.state = state
    for name, value in values.items():
        setattr(change, name, value)
