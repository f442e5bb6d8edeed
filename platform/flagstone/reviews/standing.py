"""How squads are ranked. Pure: the same services always give the same order.

RULE is shown under the board, word for word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

MINIMUM_SERVICES = 2
TIER_WEIGHTS: Mapping[int, int] = {1: 3, 2: 2, 3: 1}
LEVEL_SHARE = 2 / 3

RULE = (
    "Order: the squad's level, then its score, then what it gained in six weeks, then its name. "
    "The score is the mean of its services' scores, a tier 1 service counting three times, tier 2 twice, "
    "tier 3 or none once. The level is the highest that two thirds of its services hold, counted the same way. "
    f"A squad with fewer than {MINIMUM_SERVICES} scored services is listed below the ranking. "
    "No data counts as nothing earned; an exemption leaves the sum and is shown. "
    "Weeks before the first look are read from Git: past weeks are judged by today's rules."
)


@dataclass(frozen=True, slots=True)
class ServiceStanding:
    """One service, as far as the ranking looks at it."""

    squad: str
    tier: int | None
    score: float
    level_rank: int
    exempt: int = 0
    no_data: int = 0
    checks: int = 0

    @property
    def weight(self) -> int:
        return TIER_WEIGHTS.get(self.tier or 3, 1)


@dataclass(frozen=True, slots=True)
class SquadStanding:
    """Where one squad stands; `place` is None for a squad with too few services to rank."""

    squad: str
    place: int | None
    score: float
    level_rank: int
    gained: float
    services: int
    by_level: Mapping[int, int] = field(default_factory=dict)
    exempt_share: float = 0.0
    no_data_share: float = 0.0


def rank(
    services: Iterable[ServiceStanding], earlier_scores: Mapping[str, float] | None = None
) -> list[SquadStanding]:
    """Rank squads by RULE; those below the minimum come last, without a place.

    Args:
        services: Every scored service.
        earlier_scores: Squad to its score six weeks ago; a squad that is not in it gained nothing.
    """
    by_squad: dict[str, list[ServiceStanding]] = defaultdict(list)
    for service in services:
        by_squad[service.squad].append(service)
    earlier = earlier_scores or {}
    standings = [
        _standing(squad, members, earlier.get(squad)) for squad, members in by_squad.items()
    ]
    standings.sort(key=_order)
    ranked: list[SquadStanding] = []
    for standing in standings:
        place = len(ranked) + 1 if standing.services >= MINIMUM_SERVICES else None
        ranked.append(replace(standing, place=place))
    return ranked


def weighted_score(services: Iterable[ServiceStanding]) -> float:
    """Return the mean score, weighted by tier; 0 to 100."""
    rows = list(services)
    return sum(s.score * s.weight for s in rows) / sum(s.weight for s in rows)


def squad_level(services: Iterable[ServiceStanding]) -> int:
    """Return the rank of the highest level that two thirds of the services hold, weighted by tier."""
    rows = list(services)
    total = sum(s.weight for s in rows)
    highest = max(s.level_rank for s in rows)
    for level in range(highest, 0, -1):
        # a small slack: 2/3 is no exact binary fraction
        if sum(s.weight for s in rows if s.level_rank >= level) >= total * LEVEL_SHARE - 1e-9:
            return level
    return 0


def _standing(squad: str, members: list[ServiceStanding], earlier: float | None) -> SquadStanding:
    score, checks = weighted_score(members), sum(m.checks for m in members)
    by_level: dict[int, int] = defaultdict(int)
    for member in members:
        by_level[member.level_rank] += 1
    return SquadStanding(
        squad=squad,
        place=None,
        score=round(score, 1),
        level_rank=squad_level(members),
        gained=0.0 if earlier is None else round(score - earlier, 1),
        services=len(members),
        by_level=dict(by_level),
        exempt_share=sum(m.exempt for m in members) / checks if checks else 0.0,
        no_data_share=sum(m.no_data for m in members) / checks if checks else 0.0,
    )


def _order(standing: SquadStanding) -> tuple[bool, int, float, float, str]:
    return (
        standing.services < MINIMUM_SERVICES,
        -standing.level_rank,
        -standing.score,
        -standing.gained,
        standing.squad,
    )
