"""Reads of rollbacks, shaped for those who show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flagstone.catalog.models import Entity
from flagstone.core.errors import NotFound
from flagstone.delivery.models import LIVE, Rollback, RollbackQuerySet


def rollbacks() -> RollbackQuerySet:
    """List every rollback, the newest first, with who and what it is about."""
    return Rollback.objects.select_related(
        "entity",
        "asked_by",
        "merge_by",
        "healthy_by",
        "change_request__repository__host",
        "change_request__pull_request__repository",
    )


def find_rollback(rollback_id: UUID) -> Rollback:
    """Return one rollback.

    Raises:
        NotFound: There is none of that id.
    """
    found = rollbacks().filter(pk=rollback_id).first()
    if found is None:
        raise NotFound(f"There is no rollback {rollback_id}.")
    return found


def rollbacks_of(service: Entity) -> RollbackQuerySet:
    """List the rollbacks of a service, the newest first."""
    return rollbacks().of(service)


def pending_rollback(service: Entity) -> Rollback | None:
    """Return the rollback of a service that is not merged yet."""
    return rollbacks_of(service).pending().first()


def live_rollback(service: Entity) -> Rollback | None:
    """Return the newest rollback of a service that is under way: not merged yet, or watched for health."""
    return rollbacks_of(service).filter(state__in=LIVE).first()


def merged_rollbacks(repository_id: int) -> RollbackQuerySet:
    """List the rollbacks that were merged into a repository, the newest first."""
    return Rollback.objects.filter(
        change_request__repository_id=repository_id, merged_at__isnull=False
    )


def earlier_rollback(service: Entity, merge_commit: str) -> Rollback | None:
    """Return the rollback of a service that came in by this commit."""
    return Rollback.objects.of(service).filter(merge_commit=merge_commit).first()


@dataclass(frozen=True, slots=True)
class PromiseRecord:
    """How the promise of a fast way back was kept over a span of time.

    Attributes:
        asked: Rollbacks that were asked for.
        healthy: Those after which somebody called the service healthy.
        kept: Those of them in the promised time, counted from the click.
        late: Those known to have missed it.
        from_click: The time from click to health that nine of ten stayed within; None without any.
        from_merge: The same, counted from the merge.
    """

    asked: int
    healthy: int
    kept: int
    late: int
    from_click: timedelta | None
    from_merge: timedelta | None


def promise_record(since: datetime) -> PromiseRecord:
    """Sum up the rollbacks that were asked for since a moment."""
    found = list(Rollback.objects.filter(clicked_at__gte=since))
    healthy = [each for each in found if each.healthy_at]
    verdicts = [each.kept_promise for each in found]
    return PromiseRecord(
        asked=len(found),
        healthy=len(healthy),
        kept=verdicts.count(True),
        late=verdicts.count(False),
        from_click=_nine_of_ten([each.took for each in healthy if each.took is not None]),
        from_merge=_nine_of_ten(
            [
                each.healthy_at - each.merged_at
                for each in healthy
                if each.healthy_at and each.merged_at
            ]
        ),
    )


def _nine_of_ten(spans: list[timedelta]) -> timedelta | None:
    """Return the smallest one that at least nine of ten do not exceed (the nearest rank)."""
    if not spans:
        return None
    rank = -(-len(spans) * 9 // 10)
    return sorted(spans)[rank - 1]
