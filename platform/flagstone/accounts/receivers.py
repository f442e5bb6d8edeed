"""Signing in and out are acts too: they go into the audit chain."""

from __future__ import annotations

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from flagstone.accounts.models import User
from flagstone.core import audit


@receiver(user_logged_in)
def record_sign_in(sender: Any, user: User, **kwargs: Any) -> None:
    audit.record(actor=user, action="accounts.signed_in", subject=f"user:{user.username}")


@receiver(user_logged_out)
def record_sign_out(sender: Any, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        audit.record(actor=user, action="accounts.signed_out", subject=f"user:{user.username}")


@receiver(user_login_failed)
def record_failed_sign_in(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    # what was typed as a name may be a password typed in the wrong field: only a known name is recorded
    name = str(credentials.get("username", ""))
    known = User.objects.filter(username=name).exists()
    audit.record(
        actor=None, action="accounts.sign_in_failed", subject=f"user:{name if known else 'unknown'}"
    )


@receiver(user_locked_out)
def record_locked_sign_in(sender: Any, username: str, ip_address: str, **kwargs: Any) -> None:
    known = User.objects.filter(username=username).exists()
    audit.record(
        actor=None,
        action="accounts.sign_in_locked",
        subject=f"user:{username if known else 'unknown'}",
        data={"address": ip_address},
    )
