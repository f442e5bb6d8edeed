"""Reads again at the code host what a webhook pointed at; the webhook's own word is never taken for the state."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from flagstone.core.backoff import backoff
from flagstone.core.locks import only_one_at
from flagstone.forge.connections import connect
from flagstone.forge.errors import ForgeError, RateLimited
from flagstone.forge.models import DeliveryState, PullRequest, WebhookDelivery
from flagstone.forge.pipeline.pull_requests import record_pull_request
from flagstone.forge.pipeline.syncing import sync_repository
from flagstone.forge.probes import is_probe
from flagstone.forge.signals import announce_commits

MOST_ATTEMPTS = 8
MOST_AT_ONCE = 200
_FIRST_WAIT, _LONGEST_WAIT = 30.0, 900.0
_DELETED_AT_ONCE = 500


def work_delivery(delivery_id: UUID) -> None:
    """Read what a delivery points at, and record it; one that nobody can read for now is tried again.

    What came before the work began, and asks for nothing else, is done with it: of a burst about one pull request
    only some have the code host asked.
    """
    if not WebhookDelivery.objects.filter(pk=delivery_id, state=DeliveryState.RECEIVED).exists():
        return
    with only_one_at(delivery_id) as is_ours:
        if not is_ours or not _begin(delivery_id):
            return
        delivery = _reading(delivery_id)
        try:
            _read_again(delivery)
        except ForgeError as error:
            _record_failure(delivery, error)
        else:
            _record_done(delivery)


@transaction.atomic
def claim_lost_deliveries() -> list[UUID]:
    """Take the deliveries that nobody is at; give up those that were tried too often, whatever ended the tries."""
    now = timezone.now()
    lost = WebhookDelivery.objects.lost(now)
    lost.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=DeliveryState.FAILED,
        error=f"It was tried {MOST_ATTEMPTS} times, and the worker ended before it was done.",
    )
    rows = lost.select_for_update(skip_locked=True).order_by("not_before")
    claimed = list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
    WebhookDelivery.objects.filter(pk__in=claimed).update(touched_at=now)
    return claimed


def forget_deliveries() -> int:
    """Delete the deliveries that are older than they are kept, and tell how many."""
    count = 0
    while True:
        old = WebhookDelivery.objects.outlived(timezone.now()).values_list("pk", flat=True)
        batch = list(old[:_DELETED_AT_ONCE])
        if not batch:
            return count
        count += WebhookDelivery.objects.filter(pk__in=batch).delete()[0]


def _begin(delivery_id: UUID) -> bool:
    """Write down that an attempt begins, and tell whether it may: a worker that is killed in it counts as well."""
    due = WebhookDelivery.objects.filter(
        pk=delivery_id, state=DeliveryState.RECEIVED, not_before__lte=Now()
    )
    attempts = due.values_list("attempts", flat=True).first()
    if attempts is None:
        return False
    now = timezone.now()
    return bool(
        due.update(
            attempts=F("attempts") + 1,
            begun_at=Now(),
            touched_at=now,
            not_before=now
            + timedelta(seconds=backoff(attempts, first=_FIRST_WAIT, longest=_LONGEST_WAIT)),
        )
    )


def _reading(delivery_id: UUID) -> WebhookDelivery:
    rows = WebhookDelivery.objects.select_related("repository__host").defer("payload")
    return rows.get(pk=delivery_id)


def _read_again(delivery: WebhookDelivery) -> None:
    repository = delivery.repository
    if repository is None:
        return
    if delivery.reads_repository:
        error = sync_repository(repository.pk)
        # what will not change by waiting stands on the repository now, which is all that was to be learnt
        if error is not None and error.worth_retrying:
            raise error
    forge = connect(repository.host)
    for number in _pull_requests(delivery):
        found = forge.get_pull_request(repository.full_name, number)
        if not is_probe(found):
            record_pull_request(repository, found)
    if delivery.commits:
        announce_commits(repository_id=repository.pk, commits=delivery.commits)


def _pull_requests(delivery: WebhookDelivery) -> list[int]:
    behind = PullRequest.objects.open().filter(
        repository=delivery.repository_id, head_commit__in=delivery.commits
    )
    return sorted({*delivery.pull_requests, *behind.values_list("number", flat=True)})


def _record_failure(delivery: WebhookDelivery, error: ForgeError) -> None:
    wait = error.retry_after or backoff(delivery.attempts, first=_FIRST_WAIT, longest=_LONGEST_WAIT)
    if isinstance(error, RateLimited):
        # the code host asks everybody to wait: that is no failed attempt
        attempts, state = delivery.attempts - 1, DeliveryState.RECEIVED
    else:
        may_try_again = error.worth_retrying and delivery.attempts < MOST_ATTEMPTS
        attempts = delivery.attempts
        state = DeliveryState.RECEIVED if may_try_again else DeliveryState.FAILED
    WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.RECEIVED).update(
        state=state,
        touched_at=timezone.now(),
        error=error.message,
        attempts=attempts,
        not_before=timezone.now() + timedelta(seconds=wait),
    )


def _record_done(delivery: WebhookDelivery) -> None:
    now = timezone.now()
    for rows in (
        WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.RECEIVED),
        WebhookDelivery.objects.covered_by(delivery),
    ):
        rows.update(state=DeliveryState.DONE, worked_at=now, touched_at=now, error="")
