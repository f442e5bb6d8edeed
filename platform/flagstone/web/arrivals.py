"""What becomes of a service after its pull request was merged: it is catalogued, scored, and ranked with its squad."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from django.utils import timezone

from flagstone.catalog.models import Entity
from flagstone.forge.models import Repository
from flagstone.reviews.selectors import Row, place_of
from flagstone.scorecards.models import ServiceScore
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
    """

    name: str
    entity: Entity | None
    score: ServiceScore | None
    squad: Row | None
    is_late: bool = False

    @property
    def is_done(self) -> bool:
        return self.score is not None

    @property
    def catalogued(self) -> str:
        return "succeeded" if self.entity else "running"

    @property
    def scored(self) -> str:
        if self.score:
            return "succeeded"
        return "running" if self.entity else "waiting"


def arrival_of(entity: Entity | None, *, name: str, since: datetime) -> Arrival:
    """Tell how far a service has come since its pull request was merged."""
    score = score_of(entity) if entity else None
    if score is None or score.checked_at < since:
        return Arrival(name, entity, None, None, is_late=timezone.now() - since > PATIENCE)
    squad = place_of(score.entity.owner_ref) if score.entity.owner_ref else None
    return Arrival(name, entity, score, squad)


def arrival_of_service(ref: str, *, name: str, since: datetime) -> Arrival:
    """Tell how far a service of this reference has come."""
    return arrival_of(Entity.objects.alive().by_name(ref).first(), name=name, since=since)


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
            arrival_of(service, name=service.display_name, since=since) for service in services
        ] or [arrival_of(None, name=name, since=since)]
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
