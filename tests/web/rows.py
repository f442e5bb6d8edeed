"""Rows for the pages' tests: squads, people and services with scores, written straight into the tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flagstone.catalog.models import Entity, Location, LocationType, Relation
from flagstone.scorecards.models import (
    CheckChange,
    CheckResult,
    Scorecard,
    ScoreSnapshot,
    ServiceScore,
)

SLUG = "production-readiness"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEVELS = ("bronze", "silver", "gold")


def entity(kind: str, name: str, **fields: Any) -> Entity:
    """Make an entity; what is left out is as plain as can be."""
    location, _ = Location.objects.get_or_create(type=LocationType.FILE, path="catalog")
    title = fields.get("title", "")
    values: dict[str, Any] = {
        "ref": f"{kind}:default/{name}".lower(),
        "api_version": "backstage.io/v1alpha1",
        "kind": kind,
        "namespace": "default",
        "name": name,
        "location": location,
        "source_path": f"{name}.yaml",
        "source_index": 0,
        "source_line": 1,
        "fingerprint": "0" * 64,
        "created_at": NOW,
        "changed_at": NOW,
        "spec": {},
        "search_text": f"{name} {title} {fields.get('owner_ref', '')}".casefold(),
    }
    return Entity.objects.create(**values | fields)


def relate(source: Entity | str, kind: str, target: Entity | str, back: str) -> None:
    """Relate two entities in both directions, as ingestion does."""
    one, other = (x.ref if isinstance(x, Entity) else x for x in (source, target))
    declared_by = source if isinstance(source, Entity) else Entity.objects.get(ref=one)
    Relation.objects.create(declared_by=declared_by, source_ref=one, type=kind, target_ref=other)
    Relation.objects.create(declared_by=declared_by, source_ref=other, type=back, target_ref=one)


def squad(name: str, *people: str) -> Entity:
    group = entity("Group", name, type="squad", title=name.replace("-", " ").capitalize())
    for person in people:
        user = Entity.objects.filter(ref=f"user:default/{person}").first() or entity("User", person)
        relate(user, "memberOf", group, "hasMember")
    return group


def scorecard() -> Scorecard:
    card, _ = Scorecard.objects.get_or_create(
        slug=SLUG,
        digest="1" * 64,
        defaults={
            "title": "Production readiness",
            "source": "",
            "levels": [{"name": name, "title": name.capitalize()} for name in LEVELS],
            "is_current": True,
        },
    )
    return card


def service(
    name: str,
    owner: Entity | None = None,
    *,
    score: int | None = None,
    level: str = "",
    results: Mapping[str, str] | None = None,
    **fields: Any,
) -> Entity:
    """Make a service; with a score it is on the scorecard, with a result for each check given."""
    owner_ref = owner.ref if owner else ""
    made = entity(
        "Component",
        name,
        **{"type": "service", "lifecycle": "production", "owner_ref": owner_ref, **fields},
    )
    if score is not None:
        rate(made, score, level, results or {})
    return made


def rate(made: Entity, score: int, level: str, results: Mapping[str, str]) -> None:
    counts = {state: list(results.values()).count(state) for state in results.values()}
    ServiceScore.objects.create(
        slug=SLUG,
        version=scorecard(),
        entity=made,
        score=score,
        level=level,
        level_rank=LEVELS.index(level) + 1 if level else 0,
        coverage=1.0,
        counts=counts,
        checked_at=NOW,
        changed_at=NOW,
    )
    CheckResult.objects.bulk_create(result(made, *pair) for pair in results.items())


def result(made: Entity, check_id: str, state: str) -> CheckResult:
    return CheckResult(
        slug=SLUG,
        entity=made,
        check_id=check_id,
        name=f"Name of {check_id}",
        state=state,
        severity="H",
        weight=4,
        level="bronze" if check_id.startswith("PB") else "silver",
        summary=f"{check_id} is {state}",
        remedy=f"Mend {check_id}.",
        findings=[
            {
                "path": "services/a/rollout.yaml",
                "line": 41,
                "object": "Rollout/a",
                "container": "",
                "message": "too many",
            }
        ]
        if state == "fail"
        else [],
        since=NOW,
    )


def change(made: Entity, check_id: str, before: str, after: str, **fields: Any) -> CheckChange:
    values = {"cause": "fact", "summary": f"{check_id} moved", "at": NOW, **fields}
    return CheckChange.objects.create(
        slug=SLUG, entity=made, check_id=check_id, before=before, after=after, **values
    )


def snapshot(made: Entity, days_ago: int, score: int, level_rank: int = 1) -> None:
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    ScoreSnapshot.objects.create(
        slug=SLUG, entity=made, day=day, score=score, level_rank=level_rank
    )
