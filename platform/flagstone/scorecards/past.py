"""The weeks before Flagstone looked: which of them a service lacks, and writing what Git says of them.

What was measured stays: a day is only written when it lies before everything that is known of a service.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Exists, Min, OuterRef

from flagstone.catalog.models import Entity
from flagstone.scorecards.engine import definition
from flagstone.scorecards.engine.reporting.report import Report
from flagstone.scorecards.models import Scorecard, ScoreSnapshot, ServiceScore

WEEK = timedelta(days=7)


def week_ends(today: date, weeks: int) -> list[date]:
    """Return the days that lie whole weeks back, the latest first."""
    return [today - number * WEEK for number in range(1, weeks + 1)]


def days_by_commit(commits: Mapping[date, str]) -> list[tuple[str, list[date]]]:
    """Return each commit with the days it stood on, the latest first."""
    days: dict[str, list[date]] = {}
    for day in sorted(commits, reverse=True):
        days.setdefault(commits[day], []).append(day)
    return list(days.items())


def end_of(day: date) -> datetime:
    """Return the last moment of a day (UTC)."""
    return datetime.combine(day, time.max, tzinfo=UTC)


def names_without(repository_id: int, day: date) -> set[str]:
    """Return the names of the services scored from a repository of which nothing is known up to a day."""
    known = ScoreSnapshot.objects.filter(
        slug=OuterRef("slug"), entity=OuterRef("entity"), day__lte=day
    )
    rows = ServiceScore.objects.filter(~Exists(known), repository_id=repository_id)
    return {name.lower() for name in rows.values_list("entity__name", flat=True)}


def mentions(files: Mapping[str, bytes], names: Collection[str]) -> bool:
    """Tell whether a state of the repository can hold one of the services.

    Their names stand in the files then. A service that was made today is in no past state: looking at those
    for it would cost minutes and find nothing.
    """
    words = [name.encode() for name in names]
    return any(word in data.lower() for data in files.values() for word in words)


def by_todays_rules(card: definition.Scorecard, today: date) -> definition.Scorecard:
    """Return the scorecard with what counts today counting ever since, so that weeks can be compared."""
    rules = tuple(
        replace(rule, enforced_from=None)
        if rule.enforced_from is not None and rule.enforced_from <= today
        else rule
        for rule in card.rules
    )
    return replace(card, rules=rules)


def fill_in(report: Report, *, version: Scorecard, days: Sequence[date]) -> int:
    """Write the snapshots of past days, for services of the catalogue, and return how many."""
    entities = {
        e.ref: e for e in Entity.objects.filter(ref__in=[s.ref.lower() for s in report.services])
    }
    first = _first_days(version.slug, entities.values())
    ranks = {level["name"]: rank for rank, level in enumerate(version.levels, 1)}
    rows = [
        ScoreSnapshot(
            slug=version.slug,
            entity=entity,
            day=day,
            score=service.score,
            level_rank=ranks.get(service.level or "", 0),
        )
        for service in report.services
        if (entity := entities.get(service.ref.lower())) is not None
        for day in days
        if day < first.get(entity.pk, date.max)
    ]
    # another worker may be filling in the same days: what is there stays
    ScoreSnapshot.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    return len(rows)


def _first_days(slug: str, entities: Iterable[Entity]) -> dict[int, date]:
    rows = ScoreSnapshot.objects.filter(slug=slug, entity__in=[entity.pk for entity in entities])
    return dict(rows.order_by().values_list("entity_id").annotate(first=Min("day")))
