"""What can be asked of the scorecards: a fresh look, and leave to fail a check for a while."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.catalog.models import Entity
from flagstone.core import audit
from flagstone.core.errors import Conflict, Forbidden, UserError
from flagstone.forge.models import Repository
from flagstone.scorecards import tasks
from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.models import (
    LIVE_EXEMPTIONS,
    Evaluation,
    Exemption,
    ExemptionState,
    ServiceScore,
)

LONGEST_EXEMPTION = timedelta(days=180)
SHORTEST_REASON, LONGEST_REASON = 10, 2000


def check_now(*, actor: User, entity: Entity) -> None:
    """Look again at the repository that holds a service's manifests."""
    require(actor, "scorecards.check_now")
    score = ServiceScore.objects.filter(entity=entity).select_related("repository").first()
    repositories = [score.repository] if score and score.repository else Repository.objects.gitops()
    with transaction.atomic():
        audit.record(actor=actor, action="scorecards.check_requested", subject=entity.ref)
        for repository in repositories:
            _ask(repository, reason=f"{actor.username} asked")


def look_at_repository(*, repository_id: int, branch: str, reason: str) -> None:
    """Ask for a look at a GitOps repository whose default branch moved; other repositories are not scored."""
    repository = Repository.objects.gitops().filter(pk=repository_id).first()
    if repository is not None and branch == repository.default_branch:
        _ask(repository, reason=reason)


def look_for_services(*, refs: Iterable[str], reason: str) -> None:
    """Ask for a look at the repositories that may hold the manifests of services that are new or changed."""
    if any(ref.startswith("component:") for ref in refs):
        for repository in Repository.objects.gitops():
            _ask(repository, reason=reason)


def look_back(*, repository_id: int) -> None:
    """Ask for the past of services that were scored for the first time, so that their trend begins before today."""
    tasks.backfill_history.delay_on_commit(repository_id)


@transaction.atomic
def request_exemption(
    *, actor: User, entity: Entity, check_id: str, reason: str, expires_on: date
) -> Exemption:
    """Ask for leave to fail one check until a date; somebody else has to approve it."""
    require(actor, "scorecards.request_exemption")
    today = timezone.now().date()
    if not entity.is_service:
        raise UserError(f"{entity.name} is no service: only services are held against checks.")
    if check_id not in REGISTRY:
        raise UserError(f"There is no check {check_id}.")
    if len(reason.strip()) < SHORTEST_REASON:
        raise UserError("Give a reason that the approver can judge: one sentence at least.")
    if len(reason) > LONGEST_REASON:
        raise UserError(f"A reason has {LONGEST_REASON:,} characters at the most.")
    if not today < expires_on <= today + LONGEST_EXEMPTION:
        raise UserError(f"An exemption ends after today and within {LONGEST_EXEMPTION.days} days.")
    _make_room(entity, check_id, today)
    exemption = Exemption(
        entity=entity,
        check_id=check_id,
        reason=reason.strip(),
        requested_by=actor,
        expires_on=expires_on,
    )
    try:
        with transaction.atomic():
            exemption.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(
            f"{check_id} of {entity.name} has an exemption already, asked for or approved."
        ) from error
    _record(actor, "scorecards.exemption_requested", exemption)
    return exemption


@transaction.atomic
def decide_exemption(*, actor: User, exemption: Exemption, approve: bool) -> Exemption:
    """Approve or reject what somebody else asked for."""
    require(actor, "scorecards.approve_exemption")
    exemption = Exemption.objects.select_for_update().get(pk=exemption.pk)
    if exemption.requested_by_id == actor.pk:
        raise Forbidden(
            "Nobody decides on their own exemption: ask another squad lead or the platform team."
        )
    if exemption.state != ExemptionState.PENDING:
        raise Conflict(f"This exemption was {exemption.state} already.")
    if exemption.expires_on < timezone.now().date():
        raise Conflict(
            f"This exemption would have ended on {exemption.expires_on}: ask for it again."
        )
    exemption.state = ExemptionState.APPROVED if approve else ExemptionState.REJECTED
    exemption.decided_by, exemption.decided_at = actor, timezone.now()
    exemption.save(update_fields=("state", "decided_by", "decided_at"))
    _record(actor, f"scorecards.exemption_{exemption.state}", exemption)
    look_for_services(refs=[exemption.entity.ref], reason="an exemption was decided")
    return exemption


@transaction.atomic
def revoke_exemption(*, actor: User, exemption: Exemption) -> None:
    """End an exemption before its time; whoever asked for it may do so too."""
    if exemption.requested_by_id != actor.pk:
        require(actor, "scorecards.approve_exemption")
    changed = Exemption.objects.filter(pk=exemption.pk, state__in=LIVE_EXEMPTIONS).update(
        state=ExemptionState.REVOKED, decided_by=actor, decided_at=timezone.now()
    )
    if changed:
        _record(actor, "scorecards.exemption_revoked", exemption)
        look_for_services(refs=[exemption.entity.ref], reason="an exemption was revoked")


@transaction.atomic
def _ask(repository: Repository, *, reason: str) -> None:
    """Queue one evaluation; while one waits, another wish is the same wish."""
    Evaluation.objects.bulk_create(
        [Evaluation(repository=repository, reason=reason)], ignore_conflicts=True
    )
    tasks.evaluate_repository.delay_on_commit(repository.pk)


def _make_room(entity: Entity, check_id: str, today: date) -> None:
    """Write down that an exemption is over, so that the next one can be asked for."""
    over = Exemption.objects.select_related("requested_by").filter(
        entity=entity, check_id=check_id, state__in=LIVE_EXEMPTIONS, expires_on__lt=today
    )
    for exemption in over:
        exemption.state = ExemptionState.EXPIRED
        exemption.save(update_fields=("state",))
        _record(None, "scorecards.exemption_expired", exemption)


def _record(actor: User | None, action: str, exemption: Exemption) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=exemption.entity.ref,
        data={
            "check": exemption.check_id,
            "reason": exemption.reason,
            "requested_by": exemption.requested_by.username,
            "expires_on": exemption.expires_on.isoformat(),
        },
    )
