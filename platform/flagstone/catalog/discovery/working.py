"""The worker's part of discoveries: look through what an owner has, then register what somebody said yes to."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from flagstone.catalog.discovery.looking import Candidate, discover, register
from flagstone.catalog.engine.repository_files import FoundInFiles
from flagstone.catalog.models import DiscoveredRepository, Discovery
from flagstone.core.errors import FlagstoneError
from flagstone.core.locks import only_one_at
from flagstone.forge.errors import ForgeError
from flagstone.forge.models import CodeHost

# seconds that a worker is at one at a time; then another task goes on
LONGEST_TURN = 120.0
_MOST_AT_ONCE = 20
_WAIT = 60.0


def work_discovery(discovery_id: UUID) -> bool:
    """Look, then register what somebody said yes to; tell whether there is more to do at once.

    Ended anywhere, it goes on where it was: what was looked at, and registered, stands in rows.
    """
    with only_one_at(discovery_id) as is_ours:
        found = Discovery.objects.select_related("host", "requested_by").filter(pk=discovery_id)
        discovery = found.first()
        if not is_ours or discovery is None or discovery.not_before > timezone.now():
            return False
        end = time.monotonic() + LONGEST_TURN
        try:
            is_done = _look(discovery, end) and _register(discovery, end)
        except FlagstoneError as error:
            _stop(discovery, error)
            return False
        return not is_done


@transaction.atomic
def claim_left_discoveries() -> list[UUID]:
    """Take the discoveries that nobody is at; two sweeps at once take different ones."""
    now = timezone.now()
    rows = Discovery.objects.left_alone(now).select_for_update(skip_locked=True, of=("self",))
    claimed = list(rows.values_list("pk", flat=True)[:_MOST_AT_ONCE])
    Discovery.objects.filter(pk__in=claimed).update(touched_at=now)
    return claimed


def _look(discovery: Discovery, end: float) -> bool:
    """Look at what was not looked at yet; tell whether that was all."""
    if discovery.looked_at is not None:
        return True
    known = set(discovery.found.values_list("full_name", flat=True))
    looking = discover(
        actor=discovery.requested_by,
        host=discovery.host,
        owner=discovery.owner,
        names=discovery.names,
        leave_out=known,
    )
    with contextlib.closing(looking) as candidates:
        for candidate in candidates:
            _keep(discovery, candidate)
            if time.monotonic() > end:
                return False
    Discovery.objects.filter(pk=discovery.pk).update(looked_at=timezone.now(), error="")
    return True


def _keep(discovery: Discovery, candidate: Candidate) -> None:
    found = candidate.found
    DiscoveredRepository.objects.update_or_create(
        discovery=discovery,
        full_name=candidate.full_name,
        defaults={
            "role": found.role if found else "",
            "locations": list(candidate.new_locations),
            "gitops_folders": list(found.gitops_folders) if found else [],
            "catalog_files": found.catalog_files if found else 0,
            "faults": list(found.faults) if found else [],
            "skipped": candidate.skipped,
            "has_failed": candidate.has_failed,
            "was_registered": candidate.is_registered,
        },
    )
    _touch(discovery)


def _register(discovery: Discovery, end: float) -> bool:
    """Register what somebody said yes to; tell whether that was all."""
    for row in _waiting(discovery):
        if time.monotonic() > end:
            return False
        problem = ""
        try:
            _register_one(discovery.host, row)
        except ForgeError as error:
            if error.worth_retrying:
                raise
            problem = error.message
        except FlagstoneError as error:
            problem = error.message
        moment = None if problem else timezone.now()
        DiscoveredRepository.objects.filter(pk=row.pk).update(problem=problem, registered_at=moment)
        _touch(discovery)
    return True


def _waiting(discovery: Discovery) -> Iterable[DiscoveredRepository]:
    return discovery.found.to_register().select_related("wanted_by").order_by("full_name")


def _register_one(host: CodeHost, row: DiscoveredRepository) -> None:
    if row.wanted_by is None:
        return
    locations = tuple(row.locations)
    found = FoundInFiles(locations, row.catalog_files, tuple(row.gitops_folders), row.role)
    candidate = Candidate(row.full_name, found=found, new_locations=locations)
    register(actor=row.wanted_by, host=host, candidate=candidate)


def _stop(discovery: Discovery, error: FlagstoneError) -> None:
    """Note why it does not go on: for a while, or, where trying again gives the same answer, at all."""
    now = timezone.now()
    changes = {"error": error.message, "touched_at": now}
    if isinstance(error, ForgeError) and error.worth_retrying:
        wait = timedelta(seconds=error.retry_after or _WAIT)
        Discovery.objects.filter(pk=discovery.pk).update(**changes, not_before=now + wait)
        return
    Discovery.objects.filter(pk=discovery.pk).update(**changes, looked_at=now)


def _touch(discovery: Discovery) -> None:
    Discovery.objects.filter(pk=discovery.pk).update(touched_at=timezone.now(), error="")
