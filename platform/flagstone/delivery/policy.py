"""Who may merge a rollback: everybody with a second pair of eyes, some people without, where a setting lets them."""

from __future__ import annotations

from django.conf import settings

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may

ALONE = "delivery.merge_rollback_alone"


def may_merge_alone(person: User) -> bool:
    """Tell whether somebody may merge their own rollback before anybody else has looked at it."""
    return settings.FLAGSTONE_ROLLBACK_ALONE and may(person, ALONE)
