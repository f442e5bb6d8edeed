"""What becomes of a service after its pull request was merged: it is catalogued, scored, and ranked with its squad."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from django.utils import timezone

from flagstone.catalog.models import Entity
from flagstone.forge.models import Repository, RepositoryRole
from flagstone.reviews.selectors import Row, place_of
from flagstone.scorecards.models import EvaluationState, ServiceScore
from flagstone.scorecards.selectors import score_of

CATALOGUE_FILES = frozenset({"catalog-info.yaml", "catalog-info.yml"})
# a pull request that touches more shows the first of them
SHOWN = 5
# it takes seconds; after this something is stuck, and the page says so
PATIENCE = timedelta(minutes=2)
# nobody watches any more; what has not come by then may well be gone again
NEWS_AGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One service on its way to the leaderboard.

    Args:
        name: What it is called, before the catalogue knows it too.
        entity: What the catalogue knows; None until it has read the merge.
        score: Where it stands, measured after the merge; None until then.
        squad: Its squad on the leaderboard; None if it has no squad there.
        is_late: It takes longer than it should.
        is_scorable: Whether a scorecard may yet look at it.
    """

    name: str
    entity: Entity | None
    score: ServiceScore | None
    squad: Row | None
    is_late: bool = False
    is_scorable: bool = True

    @property
    def is_done(self) -> bool:
        return self.score is not None or (self.entity is not None and not self.is_scorable)

    @property
    def catalogued(self) -> str:
        return "succeeded" if self.entity else "running"

    @property
    def scored(self) -> str:
        if self.score:
            return "succeeded"
        return "running" if self.entity else "waiting"


def arrival_of(
    entity: Entity | None, *, name: str, since: datetime, repository: Repository | None
) -> Arrival:
    """Tell how far a service has come since its pull request was merged, or its repository made.

    Args:
        entity: What the catalogue has of it.
        name: What it is called until then.
        since: When that was.
        repository: Where its manifests are looked for; None where none were written.
    """
    score = score_of(entity) if entity else None
    if entity is None or score is None or score.checked_at < since:
        is_scorable = not _is_passed_over(entity, repository, since)
        return Arrival(name, entity, None, None, timezone.now() - since > PATIENCE, is_scorable)
    squad = place_of(entity.owner_ref) if entity.owner_ref else None
    return Arrival(name, entity, score, squad)


def _is_passed_over(entity: Entity | None, repository: Repository | None, since: datetime) -> bool:
    """Tell whether no scorecard will look at a service: there is nothing to look at, or one has, and found nothing."""
    if repository is None or repository.role != RepositoryRole.GITOPS:
        return True
    if entity is None:
        return False
    looks = repository.evaluations.filter(state=EvaluationState.DONE)
    return looks.filter(started_at__gt=max(since, entity.created_at)).exists()


def arrival_of_service(
    ref: str, *, name: str, since: datetime, repository: Repository | None
) -> Arrival:
    """Tell how far a service of this reference has come."""
    entity = Entity.objects.alive().by_name(ref).first()
    return arrival_of(entity, name=name, since=since, repository=repository)


def arrivals_from(
    repository: Repository, catalogue_files: Iterable[str], *, since: datetime
) -> list[Arrival]:
    """Tell how far the services have come whose catalogue files these are; of old news only what arrived."""
    arrivals: list[Arrival] = []
    for path in list(catalogue_files)[:SHOWN]:
        name = PurePosixPath(path).parent.name or repository.name
        services = (
            Entity.objects.services()
            .alive()
            .filter(location__repository=repository, source_path=path)
        )
        arrivals += [
            arrival_of(service, name=service.display_name, since=since, repository=repository)
            for service in services
        ] or [arrival_of(None, name=name, since=since, repository=repository)]
    is_news = timezone.now() - since < NEWS_AGE
    return [arrival for arrival in arrivals if arrival.is_done or is_news]


def catalogue_files_of(repository: Repository, changed: Iterable[str]) -> list[str]:
    """Return the catalogue files of the services that a change of these paths touches."""
    paths = set(changed)
    found = {path for path in paths if PurePosixPath(path).name in CATALOGUE_FILES}
    known = (
        Entity.objects.services()
        .alive()
        .filter(location__repository=repository)
        .values_list("source_path", flat=True)
    )
    folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    found |= {path for path in known if str(PurePosixPath(path).parent) in folders}
    return sorted(found)
