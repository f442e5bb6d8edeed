"""Whose tries to sign in are counted together: those with one name from one address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axes.utils import reset
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may
from flagstone.core import audit
from flagstone.core.errors import Forbidden


def address_of(request: HttpRequest) -> str:
    """Return where a request comes from; behind a proxy, what the proxy itself has seen: the last of its list."""
    if settings.FLAGSTONE_BEHIND_PROXY:
        seen = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if seen:
            return str(seen)
    return str(request.META.get("REMOTE_ADDR", ""))


def name_of(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Return what a name is counted as: itself if somebody has it.

    Another text may be a password, typed into the wrong field, so only a digest of it is kept.
    """
    given = str((credentials or request.POST).get("username", ""))
    if User.objects.filter(username=given).exists():
        return given
    return f"unknown-{salted_hmac('flagstone.sign-in', given).hexdigest()[:32]}"


@transaction.atomic
def let_try_again(*, actor: User, user: User) -> None:
    """Forget the failed tries of a person, wherever they came from."""
    if not may(actor, "accounts.manage"):
        raise Forbidden("Only the platform team lets somebody try again.")
    if reset(username=user.username):
        audit.record(
            actor=actor, action="accounts.sign_in_unlocked", subject=f"user:{user.username}"
        )
