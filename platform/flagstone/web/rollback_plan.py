"""The page before a rollback: what would be taken back, and what stands in the way of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from flagstone.accounts.models import User
from flagstone.catalog.models import Entity
from flagstone.delivery.models import Rollback
from flagstone.delivery.places import require_place
from flagstone.delivery.policy import may_merge_alone
from flagstone.forge.git.landed import LandedChange
from flagstone.forge.git.sizes import NO_MARKS
from flagstone.forge.models import PullRequest
from flagstone.forge.revert_plans import RevertPlan, plan_revert
from flagstone.web.links import entity_url, with_query
from flagstone.web.pull_requests import ChangedFile, changed_files


@dataclass(frozen=True, slots=True)
class Landed:
    """One of the last changes to the folder, as people know it.

    Attributes:
        change: The commit.
        pull_request: What it came by, if Flagstone knows it.
        is_rollback_of: It is a rollback itself.
        taken_back_by: It was rolled back.
        url: The plan that takes it back.
    """

    change: LandedChange
    pull_request: PullRequest | None
    is_rollback_of: Rollback | None
    taken_back_by: Rollback | None
    url: str

    @property
    def title(self) -> str:
        return self.pull_request.title if self.pull_request else self.change.subject

    @property
    def author(self) -> str:
        known = self.pull_request
        name = (known.author_name or known.author_login) if known else ""
        return name or self.change.author.name


@dataclass(frozen=True, slots=True)
class PlanPage:
    service: Entity
    plan: RevertPlan
    landed: Landed
    recent: list[Landed]
    files: list[ChangedFile]
    may_merge_alone: bool

    @property
    def additions(self) -> int:
        return sum(file.diff.additions for file in self.files)

    @property
    def deletions(self) -> int:
        return sum(file.diff.deletions for file in self.files)


def plan_page(user: User, service: Entity, *, commit: str = "") -> PlanPage:
    """Work out what a rollback would do now.

    Raises:
        UserError: The service has no folder, or the commit is none of its last changes.
        ForgeError: The repository cannot be read now.
    """
    place = require_place(service)
    plan = plan_revert(place.repository, place.folder, commit=commit)
    recent = _told(service, plan)
    return PlanPage(
        service=service,
        plan=plan,
        landed=next(each for each in recent if each.change == plan.change),
        recent=recent,
        files=changed_files(plan.files, NO_MARKS),
        may_merge_alone=may_merge_alone(user),
    )


def _told(service: Entity, plan: RevertPlan) -> list[Landed]:
    ids = [each.commit for each in plan.recent]
    pulls = _by(
        "merge_commit", PullRequest.objects.filter(repository=plan.repository, merge_commit__in=ids)
    )
    mine = Rollback.objects.of(service).select_related("asked_by")
    rollbacks = _by("merge_commit", mine.filter(merge_commit__in=ids))
    taken = _by("reverted_commit", mine.exclude(merge_commit="").filter(reverted_commit__in=ids))
    address = f"{entity_url(service.ref)}/roll-back"
    return [
        Landed(
            change=each,
            pull_request=pulls.get(each.commit),
            is_rollback_of=rollbacks.get(each.commit),
            taken_back_by=taken.get(each.commit),
            url=with_query(address, commit=each.commit),
        )
        for each in plan.recent
    ]


def _by(field: str, rows: QuerySet[Any]) -> Mapping[str, Any]:
    return {getattr(row, field): row for row in rows}
