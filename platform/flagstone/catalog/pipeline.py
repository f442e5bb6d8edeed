"""The worker's part of the catalogue: read a location, store what it holds, tell who listens."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.dispatch import Signal
from django.utils import timezone

from flagstone.catalog import signals
from flagstone.catalog.errors import LocationUnreadable
from flagstone.catalog.models import Entity, Location, LocationState
from flagstone.catalog.reading import Reading, read_location
from flagstone.catalog.storing import MAX_PROBLEMS, Stored, store
from flagstone.core import audit
from flagstone.core.tasks import RetryLater
from flagstone.forge.errors import ForgeError

logger = logging.getLogger(__name__)

_INGEST_LOCK = 0x43617430
_WRITE_LOCK = 0x43617431


def ingest(location_id: int) -> Stored:
    """Read one location and bring the catalogue in line with it; run twice it changes nothing more.

    Raises:
        RetryLater: if its repository cannot be reached just now; what was known stays.
    """
    with _one_at_a_time(location_id):
        location = (
            Location.objects.select_related("repository__host").filter(pk=location_id).first()
        )
        if location is None:
            return Stored()
        try:
            reading = read_location(location)
        except (LocationUnreadable, ForgeError) as error:
            _note_failure(location, error.message)
            if isinstance(error, ForgeError) and error.retryable:
                raise RetryLater(error.message, retry_after=error.retry_after or 5.0) from error
            return Stored()
        return _take_over(location, reading)


def remove_orphans(before: datetime | None = None) -> list[str]:
    """Delete the entities whose documents have been gone for the days that they are kept."""
    limit = before or timezone.now() - timedelta(days=settings.FLAGSTONE_CATALOG_ORPHAN_DAYS)
    with transaction.atomic():
        _hold_writing()
        orphans = Entity.objects.filter(orphaned_at__lt=limit)
        refs = list(orphans.order_by("ref").values_list("ref", flat=True))
        orphans.delete()
        if refs:
            data = {"refs": refs[:MAX_PROBLEMS], "count": len(refs)}
            audit.record(actor=None, action="catalog.orphans_removed", subject="catalog", data=data)
        _tell_after_commit(changed=refs, freed=refs)
    return refs


def remove_location(location: Location) -> list[str]:
    """Delete a location with its entities inside the caller's transaction; return their names."""
    _hold_writing()
    refs = list(location.entities.order_by("ref").values_list("ref", flat=True))
    location.delete()
    _tell_after_commit(changed=refs, freed=refs)
    return refs


def claim_due_locations(now: datetime) -> list[int]:
    """Mark the locations that are due for another reading as tried, and return their ids."""
    with transaction.atomic():
        due = Location.objects.due(now).select_for_update(skip_locked=True, of=("self",))
        ids = list(due.values_list("pk", flat=True))
        Location.objects.filter(pk__in=ids).update(tried_at=now)
    return ids


def _take_over(location: Location, reading: Reading) -> Stored:
    now = timezone.now()
    with transaction.atomic():
        _hold_writing()
        if not Location.objects.filter(pk=location.pk).exists():
            return Stored()  # taken out while it was read
        stored = store(location, reading.walk, now)
        location.state = LocationState.READ
        location.tried_at = location.read_at = now
        location.commit = reading.commit
        location.error = ""
        location.problems = [
            problem.as_item() | {"ref": problem.ref} for problem in stored.problems[:MAX_PROBLEMS]
        ]
        location.contested_refs = sorted(stored.contested)
        location.save(
            update_fields=[
                "state",
                "tried_at",
                "read_at",
                "commit",
                "error",
                "problems",
                "contested_refs",
            ]
        )
        _tell_after_commit(changed=stored.changed, freed=sorted(stored.orphaned))
    logger.info(
        "read location %s: %d new, %d changed, %d unchanged, %d kept, %d orphaned, %d problems",
        location.pk,
        len(stored.created),
        len(stored.updated),
        stored.unchanged,
        len(stored.kept),
        len(stored.orphaned),
        len(stored.problems),
    )
    return stored


def _note_failure(location: Location, why: str) -> None:
    Location.objects.filter(pk=location.pk).update(
        state=LocationState.FAILED, error=why, tried_at=timezone.now()
    )


def _tell_after_commit(*, changed: list[str], freed: list[str]) -> None:
    # what a receiver breaks must not hide the change that was made
    if changed:
        transaction.on_commit(lambda: _send(signals.entities_changed, changed), robust=True)
    if freed:
        transaction.on_commit(lambda: _send(signals.names_freed, freed), robust=True)


def _send(signal: Signal, refs: list[str]) -> None:
    signal.send(sender=Entity, refs=refs)


@contextmanager
def _one_at_a_time(location_id: int) -> Iterator[None]:
    """Have a second reading of a location wait for the first, so that older content never wins.

    Held by the session, not by a transaction: reading takes longer than one should be open.
    """
    key = [_INGEST_LOCK, location_id % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", key)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def _hold_writing() -> None:
    """Let one transaction at a time decide who holds which name; the others wait for its end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_WRITE_LOCK])
