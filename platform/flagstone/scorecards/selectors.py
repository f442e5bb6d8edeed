"""What pages and endpoints read of the scorecards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.utils import timezone

from flagstone.catalog.models import Entity
from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.registry import Check
from flagstone.scorecards.engine.states import EFFECTS, State
from flagstone.scorecards.models import (
    CheckChange,
    CheckResult,
    Evaluation,
    EvaluationState,
    Exemption,
    ExemptionQuerySet,
    Scorecard,
    ScoreSnapshot,
    ServiceScore,
)

PRODUCTION_READINESS = "production-readiness"
# columns of an entity that no list shows; a definition can be megabytes
HEAVY_FIELDS = ("spec", "annotations", "links", "extra", "search_text", "fingerprint")
BLOCKING = tuple(state.value for state in State if EFFECTS[state].level == "blocks")


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a scorecard; `rank` 1 is the lowest, 0 stands for none."""

    rank: int
    name: str
    title: str


NO_LEVEL = Level(0, "", "None")


@dataclass(frozen=True, slots=True)
class Action:
    """One failing check, and what mending it brings."""

    result: CheckResult
    points: int

    @property
    def advice(self) -> str:
        """What to do: a check without data asks for what it misses, not for mending."""
        no_data = self.result.state == State.NO_DATA.value
        return self.result.summary if no_data else self.result.remedy


@dataclass(frozen=True, slots=True)
class NextBest:
    """The cheapest steps towards the next level; `to_go` counts all that block it."""

    level: Level
    to_go: int
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One service of the matrix of checks and services."""

    score: ServiceScore
    states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """How one check stands over all services."""

    check: Check
    level: str
    counts: Mapping[str, int]

    @property
    def failing(self) -> int:
        return self.counts.get(State.FAIL.value, 0)


def scorecards() -> QuerySet[Scorecard]:
    """Return the current version of every scorecard."""
    return Scorecard.objects.current().order_by("title")


def levels(slug: str = PRODUCTION_READINESS) -> tuple[Level, ...]:
    """Return a scorecard's levels, the lowest first."""
    row = Scorecard.objects.current().filter(slug=slug).only("levels").first()
    return tuple(
        Level(rank, item["name"], item["title"])
        for rank, item in enumerate(row.levels if row else [], 1)
    )


def score_of(entity: Entity, slug: str = PRODUCTION_READINESS) -> ServiceScore | None:
    return (
        ServiceScore.objects.filter(slug=slug, entity=entity)
        .select_related("repository", "version")
        .first()
    )


def scores_of(
    entities: Iterable[Entity], slug: str = PRODUCTION_READINESS
) -> dict[int, ServiceScore]:
    """Return the scores of several services by the id of the entity."""
    ids = [entity.pk for entity in entities]
    return {
        score.entity_id: score
        for score in ServiceScore.objects.filter(slug=slug, entity_id__in=ids)
    }


def refs_at_levels(names: Collection[str], slug: str = PRODUCTION_READINESS) -> list[str]:
    """Return the references of the services that stand on one of these levels; "" stands for none."""
    rows = ServiceScore.objects.filter(slug=slug, level__in=names)
    return list(rows.values_list("entity__ref", flat=True))


def level_counts(entities: QuerySet[Entity], slug: str = PRODUCTION_READINESS) -> Mapping[str, int]:
    """Count the services among some entities by the level they stand on; "" stands for none."""
    rows = ServiceScore.objects.filter(slug=slug, entity__in=entities.order_by().values("pk"))
    return dict(rows.order_by().values_list("level").annotate(number=Count("pk")))


def results_of(entity: Entity, slug: str = PRODUCTION_READINESS) -> list[CheckResult]:
    """Return a service's results, what blocks a level first, then by severity, then by id."""
    rows = list(CheckResult.objects.filter(slug=slug, entity=entity))
    order = {state.value: place for place, state in enumerate(_WORST_FIRST)}
    return sorted(rows, key=lambda row: (order[row.state], -row.weight, row.check_id))


def result_of(
    entity: Entity, check_id: str, slug: str = PRODUCTION_READINESS
) -> CheckResult | None:
    """Return what one check says of one service; None before it was looked at."""
    return CheckResult.objects.filter(slug=slug, entity=entity, check_id=check_id).first()


def next_best(entity: Entity, slug: str = PRODUCTION_READINESS, limit: int = 2) -> NextBest | None:
    """Return the cheapest checks to the next level: few findings first, then many points."""
    found = next_best_among([entity], slug, limit)
    return found[0][1] if found else None


def next_best_among(
    entities: Iterable[Entity],
    slug: str = PRODUCTION_READINESS,
    limit: int = 2,
    most: int | None = None,
) -> list[tuple[Entity, NextBest]]:
    """Return the next best steps of several services, whoever has the fewest to go first; `most` of them."""
    by_id = {entity.pk: entity for entity in entities}
    ladder = levels(slug)
    below_top = ServiceScore.objects.filter(
        slug=slug, entity_id__in=by_id, level_rank__lt=len(ladder)
    )
    targets = {pk: ladder[rank] for pk, rank in below_top.values_list("entity_id", "level_rank")}
    to_go = _to_go(targets, ladder, slug)
    # with nothing to go, a check that broke keeps the level down: that is not theirs to mend
    chosen = sorted(to_go, key=lambda pk: (to_go[pk], by_id[pk].name_key))[:most]
    results: dict[int, list[CheckResult]] = {pk: [] for pk in chosen}
    for row in CheckResult.objects.filter(slug=slug, entity_id__in=chosen):
        results[row.entity_id].append(row)
    return [
        (by_id[pk], _next_best(results[pk], ladder, targets[pk], to_go[pk], limit)) for pk in chosen
    ]


def _to_go(targets: Mapping[int, Level], ladder: tuple[Level, ...], slug: str) -> Mapping[int, int]:
    """Count for each service the checks that keep it from its target."""
    rank = {level.name: level.rank for level in ladder}
    blocking = CheckResult.objects.filter(slug=slug, entity_id__in=targets, state__in=BLOCKING)
    counted: Counter[int] = Counter()
    rows = blocking.order_by().values_list("entity_id", "level").annotate(number=Count("pk"))
    for pk, level, number in rows:
        if rank.get(level, 0) <= targets[pk].rank:
            counted[pk] += number
    return counted


def _next_best(
    results: list[CheckResult], ladder: tuple[Level, ...], target: Level, to_go: int, limit: int
) -> NextBest:
    names = {level.name for level in ladder[: target.rank]}
    total = sum(row.weight for row in results if EFFECTS[State(row.state)].in_sum)
    rows = [row for row in results if row.level in names and row.state in BLOCKING]
    rows.sort(key=lambda row: (max(len(row.findings), 1), -row.weight, row.check_id))
    actions = tuple(
        Action(row, points=round(100 * row.weight / total) if total else 0) for row in rows[:limit]
    )
    return NextBest(level=target, to_go=to_go, actions=actions)


def changes_of(entity: Entity, limit: int = 50) -> QuerySet[CheckChange]:
    """Return how a service's checks moved, the latest first; what was first seen is no move."""
    return CheckChange.objects.filter(entity=entity).exclude(before="")[:limit]


def history_of(
    entity: Entity, since: date, slug: str = PRODUCTION_READINESS
) -> list[tuple[date, int | None]]:
    rows = ScoreSnapshot.objects.filter(slug=slug, entity=entity, day__gte=since).order_by("day")
    return list(rows.values_list("day", "score"))


def exemptions_of(entity: Entity) -> ExemptionQuerySet:
    return Exemption.objects.filter(entity=entity).select_related("requested_by", "decided_by")


def exemptions() -> ExemptionQuerySet:
    """Return every exemption with what a list shows of it, the latest first."""
    return Exemption.objects.select_related("entity", "requested_by", "decided_by")


def live_exemption(entity: Entity, check_id: str) -> Exemption | None:
    """Return the exemption of a check that is asked for or in force."""
    found = exemptions_of(entity).live(timezone.now().date())
    return found.filter(check_id=check_id).first()


def matrix(
    slug: str = PRODUCTION_READINESS,
    *,
    owner_refs: Sequence[str] = (),
    check_id: str = "",
    state: str = "",
    first: int = 0,
    limit: int | None = None,
) -> list[MatrixRow]:
    """Return scored services with the state of each check, the lowest score first; a part of them, if limited."""
    scores = _scored(slug, owner_refs, check_id, state).select_related("entity")
    scores = scores.defer(*(f"entity__{field}" for field in HEAVY_FIELDS))
    rows = list(scores[first : None if limit is None else first + limit])
    states: dict[int, dict[str, str]] = {row.entity_id: {} for row in rows}
    cells = CheckResult.objects.filter(slug=slug, entity_id__in=list(states)).order_by()
    for entity_id, check, value in cells.values_list("entity_id", "check_id", "state"):
        states[entity_id][check] = value
    return [MatrixRow(row, states[row.entity_id]) for row in rows]


def matrix_size(
    slug: str = PRODUCTION_READINESS,
    *,
    owner_refs: Sequence[str] = (),
    check_id: str = "",
    state: str = "",
) -> int:
    """Count the services that the matrix would show without a limit."""
    return _scored(slug, owner_refs, check_id, state).count()


def _scored(
    slug: str, owner_refs: Sequence[str], check_id: str, state: str
) -> QuerySet[ServiceScore]:
    scores = ServiceScore.objects.filter(slug=slug).order_by("score", "entity__name_key")
    if owner_refs:
        scores = scores.filter(entity__owner_ref__in=owner_refs)
    if check_id and state:
        results = CheckResult.objects.filter(slug=slug, check_id=check_id, state=state)
        scores = scores.filter(entity_id__in=results.values("entity_id"))
    return scores


def check_summaries(slug: str = PRODUCTION_READINESS) -> list[CheckSummary]:
    """Return how each check of a scorecard stands, in the scorecard's own order of levels."""
    counted: dict[str, Counter[str]] = {}
    # only columns of the index: this reads every result of every service
    rows = CheckResult.objects.filter(slug=slug).order_by().values_list("check_id", "state")
    for check_id, state, number in rows.annotate(number=Count("*")):
        counted.setdefault(check_id, Counter())[state] += number
    asked = dict(checks_of(slug))
    return [
        CheckSummary(check, level.name, counted.get(check.id, {})) for check, level in asked.items()
    ]


def checks_of(slug: str = PRODUCTION_READINESS) -> list[tuple[Check, Level]]:
    """Return the checks of a scorecard with the level that asks for each, the lowest level first."""
    latest = ServiceScore.objects.filter(slug=slug).order_by("-checked_at", "pk").values("entity")
    # every service that is scored has a result of every check
    rows = CheckResult.objects.filter(slug=slug, entity=latest[:1])
    by_name = {level.name: level for level in levels(slug)}
    asked = {
        check_id: by_name.get(level, NO_LEVEL)
        for check_id, level in rows.values_list("check_id", "level")
    }
    found = [(check, asked[check.id]) for check in REGISTRY if check.id in asked]
    return sorted(found, key=lambda pair: pair[1].rank)


def results_of_check(
    check_id: str,
    slug: str = PRODUCTION_READINESS,
    *,
    state: str = "",
    first: int = 0,
    limit: int | None = None,
) -> list[CheckResult]:
    """Return what one check says of the services, the worst first; a part of them, if limited."""
    rows = CheckResult.objects.filter(slug=slug, check_id=check_id).select_related("entity")
    rows = rows.defer(*(f"entity__{field}" for field in HEAVY_FIELDS))
    if state:
        rows = rows.filter(state=state)
    worst = Case(*(When(state=s.value, then=Value(n)) for n, s in enumerate(_WORST_FIRST)))
    ordered = rows.order_by(worst, "entity__name_key")
    return list(ordered[first : None if limit is None else first + limit])


def check_counts(check_id: str, slug: str = PRODUCTION_READINESS) -> Mapping[str, int]:
    """Count the services by what one check says of them, the worst first."""
    rows = CheckResult.objects.filter(slug=slug, check_id=check_id).order_by()
    counts = dict(rows.values_list("state").annotate(number=Count("pk")))
    return {s.value: counts[s.value] for s in _WORST_FIRST if s.value in counts}


def required_results(entity: Entity, slug: str = PRODUCTION_READINESS) -> list[CheckResult]:
    """Return the checks that a service must hold to pass the gate: those of the lowest level."""
    ladder = levels(slug)
    if not ladder:
        return []
    return list(CheckResult.objects.filter(slug=slug, entity=entity, level=ladder[0].name))


def pending_evaluation() -> Evaluation | None:
    """Return the look that waits or runs now, if any."""
    return Evaluation.objects.filter(
        Q(state=EvaluationState.QUEUED) | Q(state=EvaluationState.RUNNING, started_at__isnull=False)
    ).first()


def last_checked() -> datetime | None:
    score = ServiceScore.objects.order_by("-checked_at").only("checked_at").first()
    return score.checked_at if score else None


_WORST_FIRST = (
    State.FAIL,
    State.ERROR,
    State.NO_DATA,
    State.WARN,
    State.EXEMPT,
    State.UPCOMING,
    State.PASS,
    State.NOT_APPLICABLE,
)
