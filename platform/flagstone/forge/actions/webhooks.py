"""What the platform team does with webhooks that came."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.core import audit
from flagstone.core.errors import Conflict
from flagstone.forge import tasks
from flagstone.forge.models import DeliveryState, WebhookDelivery


@transaction.atomic
def work_delivery_again(*, actor: User, delivery: WebhookDelivery) -> None:
    """Have a failed delivery worked once more; what it points at is read as it is now.

    Raises:
        Forbidden: The person may not.
        Conflict: It did not fail.
    """
    require(actor, "forge.manage")
    failed = WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.FAILED)
    if not failed.update(
        state=DeliveryState.RECEIVED,
        attempts=0,
        error="",
        not_before=Now(),
        touched_at=timezone.now(),
    ):
        delivery.refresh_from_db(fields=["state"])
        raise Conflict(why_not_worked_again(delivery), code="forge.delivery_not_failed")
    audit.record(
        actor=actor,
        action="forge.delivery_repeated",
        subject=f"webhook-delivery:{delivery.pk}",
        data={"event": delivery.event, "repository": delivery.repository_name},
    )
    tasks.work_delivery.delay_on_commit(str(delivery.pk))


def why_not_worked_again(delivery: WebhookDelivery) -> str:
    """Return why there is nothing to do again; "" for one that failed."""
    if delivery.state == DeliveryState.FAILED:
        return ""
    state = delivery.get_state_display().lower()
    return f"The delivery {delivery.delivery_id} is {state}; only failed ones are worked again."
