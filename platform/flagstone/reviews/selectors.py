"""The leaderboard: squads as they stand now, against last week and six weeks ago."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from flagstone.catalog.models import Entity
from flagstone.reviews.standing import (
    RULE,
    TIER_WEIGHTS,
    ServiceStanding,
    SquadStanding,
    rank,
)
from flagstone.scorecards.engine.states import State
from flagstone.scorecards.models import ScoreSnapshot, ServiceScore
from flagstone.scorecards.selectors import PRODUCTION_READINESS, Level, levels

WEEK = timedelta(days=7)
TREND_WEEKS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One squad on the board; `moved` is places gained since last week, None if it was not ranked then."""

    standing: SquadStanding
    squad_ref: str
    name: str
    title: str
    level: Level | None
    moved: int | None
    trend: tuple[float | None, ...]
    spread: tuple[tuple[Level | None, int], ...]


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The board, with the rule of its order; `version` changes whenever a row does.

    `without_squad` counts scored services whose owner is no squad of the catalogue.
    """

    ranked: tuple[Row, ...]
    unranked: tuple[Row, ...]
    without_squad: int
    levels: tuple[Level, ...]
    rule: str
    checked_at: datetime | None
    version: str

    @property
    def most_improved(self) -> tuple[Row, ...]:
        gained = [row for row in self.ranked if row.standing.gained > 0]
        return tuple(sorted(gained, key=lambda row: (-row.standing.gained, row.name)))


def leaderboard(slug: str = PRODUCTION_READINESS, today: date | None = None) -> Leaderboard:
    """Rank every squad that owns scored services."""
    today = today or timezone.now().date()
    scored = _standing_now(slug)
    squads = _squads(service.squad for service in scored)
    services = [service for service in scored if service.squad in squads]
    past = _past_scores(slug, today)
    before = {s.squad: s.place for s in rank(_standings_of_last_week(slug, today))}
    standings = rank(services, past[TREND_WEEKS])
    ladder = levels(slug)
    rows = [_row(standing, squads, before, past, ladder) for standing in standings]
    return Leaderboard(
        ranked=tuple(row for row in rows if row.standing.place is not None),
        unranked=tuple(row for row in rows if row.standing.place is None),
        without_squad=len(scored) - len(services),
        levels=ladder,
        rule=RULE,
        checked_at=ServiceScore.objects.filter(slug=slug).aggregate(at=Max("checked_at"))["at"],
        version=version(slug),
    )


def version(slug: str = PRODUCTION_READINESS) -> str:
    """Return what tells one state of the board from the next, without computing it."""
    rows = ServiceScore.objects.filter(slug=slug)
    latest = rows.aggregate(at=Max("changed_at"))["at"]
    # the past moves too: each new day, and when it is filled in from Git
    snapshot = ScoreSnapshot.objects.filter(slug=slug).aggregate(pk=Max("pk"))["pk"] or 0
    return f"{latest.timestamp() if latest else 0:.6f}-{rows.count()}-{snapshot}"


def place_of(squad_ref: str, slug: str = PRODUCTION_READINESS) -> Row | None:
    """Return one squad's row."""
    board = leaderboard(slug)
    return next(
        (row for row in (*board.ranked, *board.unranked) if row.squad_ref == squad_ref), None
    )


def _standing_now(slug: str) -> list[ServiceStanding]:
    scores = (
        ServiceScore.objects.filter(slug=slug, score__isnull=False, entity__orphaned_at=None)
        .exclude(entity__owner_ref="")
        .values_list("entity__owner_ref", "entity__tier", "score", "level_rank", "counts")
    )
    return [
        ServiceStanding(
            squad=owner,
            tier=_tier(tier),
            score=float(score),
            level_rank=level_rank,
            exempt=counts.get(State.EXEMPT.value, 0),
            no_data=counts.get(State.NO_DATA.value, 0),
            checks=sum(counts.values()) - counts.get(State.NOT_APPLICABLE.value, 0),
        )
        for owner, tier, score, level_rank, counts in scores
        if score is not None
    ]


def _standings_of_last_week(slug: str, today: date) -> list[ServiceStanding]:
    """Return the services as they stood a week ago; one that was not scored then is not among them."""
    rows = (
        ScoreSnapshot.objects.filter(
            slug=slug,
            day__gt=today - 2 * WEEK,
            day__lte=today - WEEK,
            score__isnull=False,
            entity__orphaned_at=None,
        )
        .exclude(entity__owner_ref="")
        .order_by("entity_id", "-day")
        .distinct("entity_id")
    )
    return [
        ServiceStanding(squad=owner, tier=_tier(tier), score=float(score), level_rank=level_rank)
        for owner, tier, score, level_rank in rows.values_list(
            "entity__owner_ref", "entity__tier", "score", "level_rank"
        )
        if score is not None
    ]


# the last snapshot of each service in each week, then the squads' means, weighted as standing.py weighs them
_PAST_SCORES = """
SELECT week, owner_ref, sum(score * weight)::float / sum(weight)
FROM (
    SELECT DISTINCT ON (s.entity_id, week)
        (%(today)s::date - s.day) / 7 AS week, s.score, e.owner_ref,
        CASE e.tier WHEN '1' THEN %(tier_1)s WHEN '2' THEN %(tier_2)s ELSE %(tier_3)s END AS weight
    FROM scorecards_scoresnapshot s JOIN catalog_entity e ON e.id = s.entity_id
    WHERE s.slug = %(slug)s AND s.day > %(since)s AND s.day <= %(until)s
        AND s.score IS NOT NULL AND e.orphaned_at IS NULL AND e.owner_ref <> ''
    ORDER BY s.entity_id, week, s.day DESC
) AS latest
GROUP BY week, owner_ref
"""


def _past_scores(slug: str, today: date) -> dict[int, dict[str, float]]:
    """Return each squad's score at the end of each past week: weeks ago (1 to 6) → squad → score."""
    parameters: dict[str, str | int | date] = {
        "slug": slug,
        "today": today,
        "since": today - (TREND_WEEKS + 1) * WEEK,
        "until": today - WEEK,
        **{f"tier_{tier}": weight for tier, weight in TIER_WEIGHTS.items()},
    }
    scores: dict[int, dict[str, float]] = {week: {} for week in range(1, TREND_WEEKS + 1)}
    with connection.cursor() as cursor:
        cursor.execute(_PAST_SCORES, parameters)
        for week, squad, score in cursor.fetchall():
            scores[week][squad] = score
    return scores


def _row(
    standing: SquadStanding,
    squads: Mapping[str, Entity],
    before: Mapping[str, int | None],
    past: Mapping[int, Mapping[str, float]],
    ladder: tuple[Level, ...],
) -> Row:
    entity = squads[standing.squad]
    was = before.get(standing.squad)
    by_rank: dict[int, Level] = {level.rank: level for level in ladder}
    return Row(
        standing=standing,
        squad_ref=standing.squad,
        name=entity.name,
        title=entity.display_name,
        level=by_rank.get(standing.level_rank),
        moved=was - standing.place if was is not None and standing.place is not None else None,
        trend=(
            *(past[week].get(standing.squad) for week in range(TREND_WEEKS, 0, -1)),
            standing.score,
        ),
        spread=tuple(
            (by_rank.get(rank), count)
            for rank, count in sorted(standing.by_level.items(), reverse=True)
        ),
    )


def _squads(refs: Iterable[str]) -> dict[str, Entity]:
    groups = Entity.objects.filter(kind="Group", ref__in=set(refs)).alive()
    return {group.ref: group for group in groups}


def _tier(text: str) -> int | None:
    with contextlib.suppress(ValueError):
        return int(text)
    return None
