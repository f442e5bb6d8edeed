"""The words of a rollback's pull request, and its row with everything that goes with it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.catalog.models import Entity
from flagstone.core import audit, jobs
from flagstone.delivery.models import Rollback
from flagstone.forge import pipeline
from flagstone.forge.git.landed import LandedChange
from flagstone.forge.models import PullRequest
from flagstone.forge.revert_plans import RevertPlan

LABEL = "rollback"
JOB_KIND = "delivery.rollback"
_LONGEST_TITLE = 200


def pull_request_of(plan: RevertPlan, change: LandedChange) -> PullRequest | None:
    """Return the pull request that a change came by, if Flagstone knows it."""
    return PullRequest.objects.filter(
        repository=plan.repository, merge_commit=change.commit
    ).first()


def title_of(plan: RevertPlan, change: LandedChange) -> str:
    """Return what people call a change: the title of its pull request, or else of its commit."""
    pull_request = pull_request_of(plan, change)
    title = pull_request.title if pull_request else change.subject
    return " ".join(title.split())[:_LONGEST_TITLE] or change.commit[:12]


@transaction.atomic
def store(
    *, actor: User, service: Entity, plan: RevertPlan, reason: str, merge: bool, key: str
) -> Rollback:
    """Write down a rollback with its change request, its job and its entry in the audit chain.

    Raises:
        IntegrityError: Another one of this service is pending, or the key was used.
        ForgeError: The files cannot be shipped.
    """
    now, title = timezone.now(), title_of(plan, plan.change)
    rollback = Rollback(
        entity=service,
        entity_ref=service.ref,
        folder=plan.folder,
        reverted_commit=plan.change.commit,
        reverted_title=title,
        reverted_author=_author_of(plan),
        reverted_at=plan.change.at,
        reason=reason,
        asked_by=actor,
        idempotency_key=key,
        merge_by=actor if merge else None,
        clicked_at=now,
        promised_by=now + timedelta(minutes=settings.FLAGSTONE_ROLLBACK_PROMISE_MINUTES),
    )
    rollback.change_request = pipeline.record_change(
        requested_by=actor,
        repository=plan.repository,
        title=f'Revert "{title}"',
        body=_body(rollback),
        files=plan.changes.files if plan.changes else {},
        source=f"rollback:{rollback.pk}",
        labels=(LABEL,),
        based_on=plan.head,
    )
    rollback.job = jobs.create(
        kind=JOB_KIND, title=f"Roll back {service.display_name}"[:200], steps=(), requested_by=actor
    )
    jobs.start(rollback.job)
    rollback.save(force_insert=True)
    audit.record(
        actor=actor,
        action="delivery.rollback_requested",
        subject=service.ref,
        data={
            "rollback": str(rollback.pk),
            "commit": rollback.reverted_commit,
            "title": title,
            "reason": reason,
            "merge": merge,
            "change": str(rollback.change_request.pk),
        },
    )
    return rollback


def _author_of(plan: RevertPlan) -> str:
    pull_request = pull_request_of(plan, plan.change)
    name = (pull_request.author_name or pull_request.author_login) if pull_request else ""
    return (name or plan.change.author.name)[:200]


def _body(rollback: Rollback) -> str:
    reason = "\n".join(f"> {line}" for line in rollback.reason.splitlines())
    return (
        f"{reason}\n\n"
        f"Takes {rollback.reverted_commit[:12]} back (“{rollback.reverted_title}”, {rollback.reverted_author}, "
        f"{rollback.reverted_at:%Y-%m-%d %H:%M} UTC), below {rollback.folder} alone. "
        f"{rollback.asked_by.display_name} asked for it: {settings.FLAGSTONE_URL}/rollbacks/{rollback.pk}"
    )
