"""Typed reads of the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from flagstone.core.models import AuditEntry

PAGE = 50


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to show; an empty part filters nothing."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None

    def condition(self) -> Q:
        """Return it as a condition: an action also fits by its app, a subject by any part of it."""
        wanted = Q()
        if self.actor:
            wanted &= Q(actor=self.actor)
        if self.action:
            wanted &= Q(action=self.action) | Q(action__startswith=f"{self.action}.")
        if self.subject:
            wanted &= Q(subject__icontains=self.subject)
        if self.since:
            wanted &= Q(at__date__gte=self.since)
        if self.until:
            wanted &= Q(at__date__lte=self.until)
        return wanted


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A stretch of the trail, the newest first; `older` is the sequence number to go on before."""

    entries: list[AuditEntry]
    older: int | None


def audit_page(wanted: AuditFilter, *, before: int | None = None) -> AuditPage:
    """Read one page of the trail. It is cut by sequence number, so page 1,000 costs as little as page 1."""
    rows = AuditEntry.objects.filter(wanted.condition()).order_by("-sequence")
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    entries = list(rows[: PAGE + 1])
    return AuditPage(entries[:PAGE], entries[PAGE - 1].sequence if len(entries) > PAGE else None)


def audit_of(subject: str, *, limit: int = PAGE) -> list[AuditEntry]:
    """List what was done to one thing, the newest first."""
    return list(AuditEntry.objects.filter(subject=subject).order_by("-sequence")[:limit])


def audit_entries(wanted: AuditFilter) -> Iterator[AuditEntry]:
    """Walk every entry that fits, the oldest first, without holding them all."""
    rows = AuditEntry.objects.filter(wanted.condition()).order_by("sequence")
    return rows.iterator(chunk_size=2000)


def audit_actions() -> list[str]:
    """List the actions that were ever recorded."""
    return list(AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct())
