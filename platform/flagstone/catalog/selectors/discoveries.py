"""Discoveries, as their page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from flagstone.catalog.models import DiscoveredRepository, Discovery
from flagstone.core.errors import NotFound

_LATEST = 20


@dataclass(frozen=True, slots=True)
class DiscoveryDetail:
    """A discovery and what was found, by what can be done with it.

    Attributes:
        new: To be said yes to; those that could not be registered among them.
        under_way: Said yes to, and on their way.
        registered: By this discovery.
        known: Registered before, and nothing is new in them.
        failed: Not looked at.
        left_out: With the reason of each.
    """

    discovery: Discovery
    new: list[DiscoveredRepository]
    under_way: list[DiscoveredRepository]
    registered: list[DiscoveredRepository]
    known: list[DiscoveredRepository]
    failed: list[DiscoveredRepository]
    left_out: list[DiscoveredRepository]

    @property
    def is_looking(self) -> bool:
        return self.discovery.looked_at is None

    @property
    def is_working(self) -> bool:
        return self.is_looking or bool(self.under_way)

    @property
    def waits_until(self) -> bool:
        return self.is_working and self.discovery.not_before > timezone.now()

    @property
    def looked_at(self) -> int:
        """How many were looked at so far."""
        return sum(
            map(
                len,
                (self.new, self.under_way, self.registered, self.known, self.failed, self.left_out),
            )
        )


def latest_discoveries() -> list[Discovery]:
    return list(Discovery.objects.select_related("host", "requested_by")[:_LATEST])


def discovery_detail(discovery_id: UUID) -> DiscoveryDetail:
    """Return a discovery with what was found.

    Raises:
        NotFound: There is none.
    """
    discovery = (
        Discovery.objects.select_related("host", "requested_by").filter(pk=discovery_id).first()
    )
    if discovery is None:
        raise NotFound("There is no such look through repositories; it may have been removed.")
    detail = DiscoveryDetail(discovery, [], [], [], [], [], [])
    for row in discovery.found.all():
        _place(detail, row).append(row)
    return detail


def _place(detail: DiscoveryDetail, row: DiscoveredRepository) -> list[DiscoveredRepository]:
    if row.has_failed:
        return detail.failed
    if row.skipped:
        return detail.left_out
    if row.registered_at is not None:
        return detail.registered
    if row.is_new:
        return detail.new
    return detail.under_way if row.wanted_by_id is not None else detail.known
