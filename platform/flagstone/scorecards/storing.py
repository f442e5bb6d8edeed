"""Storing a report: results, what changed and why, the score now and the day's snapshot."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model

from flagstone.catalog.models import Entity
from flagstone.forge.models import Repository
from flagstone.scorecards.engine.reporting import waivers
from flagstone.scorecards.engine.reporting.report import CheckReport, Finding, Report, ServiceReport
from flagstone.scorecards.engine.states import State
from flagstone.scorecards.models import (
    Cause,
    CheckChange,
    CheckResult,
    Exemption,
    ExemptionState,
    Scorecard,
    ScoreSnapshot,
    ServiceScore,
)
from flagstone.scorecards.signals import scores_changed

BATCH = 1000
LOST = "No manifests of this service are in the repository any more."


def exemptions_in_force(now: datetime) -> list[waivers.Exemption]:
    """Return the approved exemptions that held at a moment."""
    rows = Exemption.objects.filter(
        state=ExemptionState.APPROVED, decided_at__lte=now, expires_on__gte=now.date()
    ).select_related("entity")
    return [
        waivers.Exemption(
            check=row.check_id, service=row.entity.ref, reason=row.reason, until=row.expires_on
        )
        for row in rows
    ]


def levels_now(slug: str) -> Mapping[str, str]:
    """Return the level that each service holds now, by its reference."""
    return dict(
        ServiceScore.objects.filter(slug=slug).exclude(level="").values_list("entity__ref", "level")
    )


def store(
    report: Report, *, version: Scorecard, repository: Repository, commit: str, now: datetime
) -> int:
    """Store a report on one repository and return how many services of the catalogue it scored."""
    entities = {
        e.ref: e for e in Entity.objects.filter(ref__in=[s.ref.lower() for s in report.services])
    }
    look = _Look(version, repository, commit, now)
    known = [(entities[s.ref.lower()], s) for s in report.services if s.ref.lower() in entities]
    before = look.before([entity for entity, _ in known])
    for entity, service in known:
        look.take(entity, service, before[entity.pk])
    look.forget_the_vanished(keep={entity.pk for entity, _ in known})
    look.write()
    refs = [entity.ref for entity, _ in known]
    new = [entity.ref for entity, _ in known if before[entity.pk].score is None]
    transaction.on_commit(
        lambda: scores_changed.send(sender=None, repository_id=repository.pk, refs=refs, new=new),
        robust=True,  # what is stored is stored, whatever a listener makes of it
    )
    return len(known)


@dataclass(slots=True)
class _Before:
    """What stood before: the results by check, and the score."""

    results: dict[str, CheckResult]
    score: ServiceScore | None

    @property
    def value(self) -> int | None:
        return self.score.score if self.score else None

    def had_other_rules(self, version: Scorecard) -> bool:
        return self.score is not None and self.score.version_id != version.pk


class _Look:
    """Collects the rows of one look, so that they are written in a handful of statements."""

    def __init__(
        self, version: Scorecard, repository: Repository, commit: str, now: datetime
    ) -> None:
        self.version, self.repository, self.commit, self.now = version, repository, commit, now
        self.ranks = {level["name"]: rank for rank, level in enumerate(version.levels, 1)}
        self.results: list[CheckResult] = []
        self.stale: list[int] = []
        self.changes: list[CheckChange] = []
        self.scores: list[ServiceScore] = []
        self.snapshots: list[ScoreSnapshot] = []

    def before(self, entities: Iterable[Entity]) -> dict[int, _Before]:
        ids = [entity.pk for entity in entities]
        found: dict[int, _Before] = defaultdict(lambda: _Before({}, None))
        for result in CheckResult.objects.filter(slug=self.version.slug, entity_id__in=ids):
            found[result.entity_id].results[result.check_id] = result
        for score in ServiceScore.objects.filter(slug=self.version.slug, entity_id__in=ids):
            found[score.entity_id].score = score
        return found

    def take(self, entity: Entity, service: ServiceReport, before: _Before) -> None:
        new_rules = before.had_other_rules(self.version)
        for check in service.checks:
            was, result = before.results.pop(check.id, None), self._result(entity, check)
            if was is not None and was.state == result.state:
                result.since = was.since
            if was is None or not _same(was, result):
                self.results.append(result)
            if was is None or was.state != result.state:
                cause = _cause(was.state if was else "", check.state, new_rules=new_rules)
                self._move(result, was, cause, before.value, service.score)
        self.stale += [result.pk for result in before.results.values()]
        counts = Counter(check.state.value for check in service.checks)
        self._score(entity, before.score, service, counts)

    def forget_the_vanished(self, *, keep: set[int]) -> None:
        """A service whose manifests are gone keeps its checks without data: losing them must not help it."""
        scores = ServiceScore.objects.filter(slug=self.version.slug, repository=self.repository)
        for score in scores.exclude(entity_id__in=keep).select_related("entity"):
            results = list(
                CheckResult.objects.filter(slug=self.version.slug, entity_id=score.entity_id)
            )
            for was in results:
                if was.state != State.NO_DATA.value:
                    lost = copy(was)
                    lost.state, lost.summary, lost.findings = State.NO_DATA.value, LOST, []
                    lost.since = self.now
                    self.results.append(lost)
                    self._move(lost, was, Cause.LOST_DATA, score.score, 0)
            gone = ServiceReport(score.entity.name, score.entity.ref, 0, None, 0.0, ())
            self._score(score.entity, score, gone, Counter({State.NO_DATA.value: len(results)}))

    def write(self) -> None:
        CheckResult.objects.filter(pk__in=self.stale).delete()
        _upsert(CheckResult, self.results, key=("slug", "entity", "check_id"))
        CheckChange.objects.bulk_create(self.changes, batch_size=BATCH)
        _upsert(ServiceScore, self.scores, key=("slug", "entity"))
        _upsert(ScoreSnapshot, self.snapshots, key=("slug", "entity", "day"))

    def _result(self, entity: Entity, check: CheckReport) -> CheckResult:
        return CheckResult(
            slug=self.version.slug,
            entity=entity,
            check_id=check.id,
            name=check.rule.check.name,
            state=check.state.value,
            severity=check.severity.value,
            weight=check.rule.weight,
            level=check.rule.level,
            summary=_storable(check.summary),
            remedy=check.rule.check.remedy,
            findings=[_storable_finding(finding) for finding in check.findings],
            since=self.now,
        )

    def _move(
        self,
        now: CheckResult,
        was: CheckResult | None,
        cause: Cause,
        score_before: int | None,
        score_after: int | None,
    ) -> None:
        self.changes.append(
            CheckChange(
                slug=self.version.slug,
                entity_id=now.entity_id,
                check_id=now.check_id,
                before=was.state if was else "",
                after=now.state,
                cause=cause,
                summary=now.summary,
                commit=self.commit,
                score_before=score_before,
                score_after=score_after,
                at=self.now,
            )
        )

    def _score(
        self,
        entity: Entity,
        before: ServiceScore | None,
        service: ServiceReport,
        counts: Counter[str],
    ) -> None:
        level = service.level or ""
        rank = self.ranks.get(level, 0)
        unmoved = before is not None and (before.score, before.level, before.counts) == (
            service.score,
            level,
            dict(counts),
        )
        self.scores.append(
            ServiceScore(
                slug=self.version.slug,
                version=self.version,
                entity=entity,
                repository=self.repository,
                commit=self.commit,
                score=service.score,
                level=level,
                level_rank=rank,
                coverage=service.coverage,
                counts=dict(counts),
                checked_at=self.now,
                changed_at=before.changed_at if before and unmoved else self.now,
            )
        )
        self.snapshots.append(
            ScoreSnapshot(
                slug=self.version.slug,
                entity=entity,
                day=self.now.date(),
                score=service.score,
                level_rank=rank,
            )
        )


def _upsert(model: type[Model], rows: list[Any], *, key: tuple[str, ...]) -> None:
    """Write rows in bulk; one that is there already takes every value but its key."""
    columns = model._meta.concrete_fields  # noqa: SLF001 - Django's own name for them
    fields = [f.name for f in columns if not f.primary_key and f.name not in key]
    for row in rows:
        row.pk = None
    model._default_manager.bulk_create(  # noqa: SLF001
        rows, update_conflicts=True, unique_fields=key, update_fields=fields, batch_size=BATCH
    )


def _storable(text: str) -> str:
    """No PostgreSQL text holds U+0000, and a manifest can: one bad name must not keep all from being scored."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _storable_finding(finding: Finding) -> dict[str, Any]:
    return {
        key: _storable(value) if isinstance(value, str) else value
        for key, value in finding.as_dict().items()
    }


def _same(before: CheckResult, after: CheckResult) -> bool:
    fields = ("state", "name", "severity", "weight", "level", "summary", "remedy", "findings")
    return all(getattr(before, field) == getattr(after, field) for field in fields)


def _cause(before: str, after: State, *, new_rules: bool) -> Cause:
    """Say why a check moved; what a new rulebook moved is the rule's doing, whatever else changed with it."""
    states = {before, after.value}
    if State.EXEMPT.value in states:
        return Cause.EXEMPTION
    if new_rules or State.UPCOMING.value in states:
        return Cause.RULE
    if after is State.NO_DATA:
        return Cause.LOST_DATA
    if State.NOT_APPLICABLE.value in states and before:
        return Cause.SCOPE
    return Cause.FACT
