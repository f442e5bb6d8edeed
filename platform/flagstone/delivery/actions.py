"""What people do with rollbacks."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.catalog.models import Entity
from flagstone.core import audit
from flagstone.core.errors import Conflict, UserError
from flagstone.delivery import pipeline, tasks
from flagstone.delivery.asking import store
from flagstone.delivery.models import Rollback, RollbackState
from flagstone.delivery.places import require_place
from flagstone.delivery.policy import may_merge_alone
from flagstone.delivery.recording import move
from flagstone.forge.actions import resume_change
from flagstone.forge.errors import NotAllowed
from flagstone.forge.models.change_requests import HALTED
from flagstone.forge.revert_plans import RevertPlan, plan_revert

SHORTEST_REASON, LONGEST_REASON = 5, 500
LONGEST_KEY = 100


def request_rollback(
    *,
    actor: User,
    service: Entity,
    reason: str,
    commit: str = "",
    seen: str = "",
    merge: bool = True,
    key: str = "",
) -> Rollback:
    """Take a change of a service's GitOps folder back; a worker opens the pull request, and merges it where it may.

    Args:
        actor: Who asks; the author of the commit.
        service: Whose folder.
        reason: Why, for the pull request and the audit chain.
        commit: What is taken back, one of the last changes to the folder; the newest one when left out.
        seen: Id of the folder's content that the person looked at; when left out, whatever it holds now.
        merge: Merge as soon as the policy lets it; otherwise people merge it.
        key: The caller's own: asking again with it gives the rollback that is there.

    Raises:
        Forbidden: The person may not.
        UserError: There is no reason given, or no folder known.
        Conflict: The folder changed since it was looked at, another rollback of the service is pending, the last
            change is a rollback itself and was not named, or the key was used for another request.
        MergeConflict, EmptyChange, NothingBefore, InvalidPath, ChangeTooLarge: It cannot be taken back so.
        ForgeError: The repository cannot be read now.
    """
    require(actor, "delivery.roll_back")
    reason = _checked_reason(reason)
    if len(key) > LONGEST_KEY:
        raise UserError(
            f"The idempotency key has {len(key)} characters; {LONGEST_KEY} are the most.",
            code="delivery.idempotency_key_too_long",
        )
    if key and (earlier := Rollback.objects.filter(asked_by=actor, idempotency_key=key).first()):
        return _same_request(earlier, service, reason, commit)
    place = require_place(service)
    plan = plan_revert(place.repository, place.folder, commit=commit)
    pipeline.find_lost(service, plan.change.commit)
    if pending := _pending_like(service, plan):
        return pending
    _check(plan, service, named=bool(commit), seen=seen)
    try:
        rollback = store(
            actor=actor, service=service, plan=plan, reason=reason, merge=merge, key=key
        )
    except IntegrityError:
        # somebody was faster between our look and our write; the database decided
        if key and (
            earlier := Rollback.objects.filter(asked_by=actor, idempotency_key=key).first()
        ):
            return _same_request(earlier, service, reason, commit)
        if pending := _pending_like(service, plan):
            return pending
        raise
    tasks.carry_out.delay_on_commit(str(rollback.pk))
    return rollback


@transaction.atomic
def merge_rollback(*, actor: User, rollback: Rollback) -> Rollback:
    """Have an open rollback merged in this person's name, at once or as soon as the policy lets it.

    Raises:
        Forbidden: The person may not merge.
        NotAllowed: It is their own, and they may not merge it before somebody else approved it.
        Conflict: It does not wait for the merge.
    """
    require(actor, "forge.merge")
    if rollback.asked_by_id == actor.pk and rollback.merge_by_id and not may_merge_alone(actor):
        raise NotAllowed(
            "It is your own: it is merged by itself as soon as somebody else has approved it.",
            code="forge.four_eyes",
        )
    rows = Rollback.objects.pending().filter(pk=rollback.pk)
    if not rows.update(merge_by=actor, tries=0, not_before=timezone.now(), note="", note_code=""):
        rollback.refresh_from_db()
        raise Conflict(
            f"The rollback of {rollback.service_name} is {rollback.get_state_display().lower()}; "
            "there is nothing to merge.",
            code="delivery.rollback_not_pending",
        )
    _audit(actor, "merge_requested", rollback)
    tasks.carry_out.delay_on_commit(str(rollback.pk))
    rollback.refresh_from_db()
    return rollback


@transaction.atomic
def resume_rollback(*, actor: User, rollback: Rollback) -> Rollback:
    """Try again to open the pull request of a rollback that failed.

    Raises:
        Forbidden: The person may not.
        Conflict: It did not fail, or another one of the service is pending.
    """
    require(actor, "delivery.roll_back")
    if rollback.state != RollbackState.FAILED or rollback.change_request.state not in HALTED:
        raise Conflict(
            f"The rollback of {rollback.service_name} is {rollback.get_state_display().lower()}; "
            "there is nothing to try again.",
            code="delivery.rollback_not_failed",
        )
    if pending := Rollback.objects.pending().filter(entity_ref=rollback.entity_ref).first():
        raise _another(pending)
    resume_change(actor=actor, change=rollback.change_request)
    move(rollback, RollbackState.ASKED, by=actor, ended_at=None)
    tasks.carry_out.delay_on_commit(str(rollback.pk))
    return rollback


@transaction.atomic
def report_healthy(*, actor: User, rollback: Rollback) -> Rollback:
    """Say that a service is healthy again after its rollback, where no status of Argo CD says so.

    Saying it again changes nothing.

    Raises:
        Forbidden: The person may not.
        Conflict: The rollback is not merged.
    """
    require(actor, "delivery.report_health")
    rollback = Rollback.objects.select_for_update(of=("self",)).get(pk=rollback.pk)
    if rollback.state == RollbackState.HEALTHY:
        return rollback
    if not rollback.is_taken_back:
        raise Conflict(
            f"The rollback of {rollback.service_name} is {rollback.get_state_display().lower()}: health is a question "
            "once it is merged.",
            code="delivery.rollback_not_merged",
        )
    move(
        rollback,
        RollbackState.HEALTHY,
        by=actor,
        healthy_at=timezone.now(),
        healthy_by=actor,
        health_source="",
        health_note="",
        ended_at=None,
    )
    return rollback


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise UserError(
            "Say why it is rolled back, in a few words: whoever reads the history needs it.",
            code="delivery.no_reason",
        )
    if len(reason) > LONGEST_REASON:
        raise UserError(
            f"The reason has {len(reason)} characters; {LONGEST_REASON} are the most.",
            code="delivery.reason_too_long",
        )
    return reason


def _same_request(earlier: Rollback, service: Entity, reason: str, commit: str) -> Rollback:
    if (earlier.entity_ref, earlier.reason) == (service.ref, reason) and commit in {
        "",
        earlier.reverted_commit,
    }:
        return earlier
    raise Conflict(
        f"The idempotency key was used for another request, the rollback of {earlier.service_name}. "
        "Send a new key with a new request.",
        code="delivery.idempotency_key_reused",
        rollback=str(earlier.pk),
    )


def _pending_like(service: Entity, plan: RevertPlan) -> Rollback | None:
    """Return the pending rollback of the same change, whoever asked for it.

    Raises:
        Conflict: The pending one is of another change.
    """
    pending = Rollback.objects.pending().of(service).first()
    if pending is not None and pending.reverted_commit != plan.change.commit:
        raise _another(pending)
    return pending


def _another(pending: Rollback) -> Conflict:
    return Conflict(
        f"{pending.asked_by.display_name} is rolling {pending.service_name} back already "
        f"(“{pending.reverted_title}”). Merge or close that pull request first.",
        code="delivery.rollback_pending",
        rollback=str(pending.pk),
    )


def _check(plan: RevertPlan, service: Entity, *, named: bool, seen: str) -> None:
    if seen and seen != plan.tree:
        last = plan.recent[0]
        raise Conflict(
            f"{plan.folder} has changed since you looked at it: “{last.subject}” of {last.author.name} is its last "
            "change now. Look at what would be taken back, then roll back.",
            code="delivery.folder_moved",
        )
    if plan.obstacle is not None:
        raise plan.obstacle
    earlier = Rollback.objects.filter(merge_commit=plan.change.commit).of(service).first()
    if earlier is not None and not named:
        raise Conflict(
            f"The last change of {service.display_name} is a rollback itself: taking it back would bring "
            f"“{earlier.reverted_title}” back. If that is what you want, name the commit {plan.change.commit}.",
            code="delivery.last_is_rollback",
            commit=plan.change.commit,
        )


def _audit(actor: User, done: str, rollback: Rollback) -> None:
    audit.record(
        actor=actor,
        action=f"delivery.rollback_{done}",
        subject=rollback.entity_ref,
        data={"rollback": str(rollback.pk), "reason": rollback.reason},
    )
