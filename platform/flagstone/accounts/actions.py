"""What can be done with tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from flagstone.accounts.models import ApiToken, Scope, User
from flagstone.accounts.permissions import may
from flagstone.core import audit
from flagstone.core.errors import Forbidden, UserError

TOKEN_PREFIX = "fst_"  # noqa: S105 - what every token starts with, so that scanners of leaked secrets know it
MAX_DAYS = 365


def token_digest(token: str) -> str:
    """Return what is stored of a token. It has 256 bits of entropy, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def create_token(
    *, actor: User, user: User, name: str, scopes: list[str], days: int = 90
) -> tuple[ApiToken, str]:
    """Create a token and return it with its text, which is stored nowhere."""
    if actor != user and not may(actor, "accounts.manage"):
        raise Forbidden("Only the platform team creates tokens for others.")
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        raise UserError(
            f"Choose scopes among {', '.join(Scope.values)}; got {', '.join(unknown) or 'none'}."
        )
    if not 1 <= days <= MAX_DAYS:
        raise UserError(f"A token lives 1 to {MAX_DAYS} days; got {days}.")
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user=user,
        name=name.strip(),
        prefix=text[:8],
        digest=token_digest(text),
        scopes=sorted(set(scopes)),
        expires_at=timezone.now() + timedelta(days=days),
    )
    token.full_clean()
    token.save()
    audit.record(
        actor=actor,
        action="accounts.token_created",
        subject=f"token:{token.prefix}",
        data={"user": user.username, "name": token.name, "scopes": token.scopes, "days": days},
    )
    return token, text


@transaction.atomic
def revoke_token(*, actor: User, token: ApiToken) -> None:
    """End a token at once; revoking it twice changes nothing."""
    if actor != token.user and not may(actor, "accounts.manage"):
        raise Forbidden("Only its owner or the platform team revokes a token.")
    changed = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(
        revoked_at=timezone.now()
    )
    if changed:
        audit.record(
            actor=actor,
            action="accounts.token_revoked",
            subject=f"token:{token.prefix}",
            data={"user": token.user.username, "name": token.name},
        )


@transaction.atomic
def create_user(
    *,
    actor: User | None,
    username: str,
    password: str | None,
    role: str,
    entity_ref: str = "",
    name: str = "",
    email: str = "",
) -> User:
    """Create somebody; without a password they cannot sign in yet. A platform admin also reaches the admin pages."""
    first, _, last = name.partition(" ")
    user = User(
        username=username,
        role=role,
        entity_ref=entity_ref,
        first_name=first,
        last_name=last,
        email=email,
        is_staff=role == "platform_admin",
        is_superuser=role == "platform_admin",
    )
    user.set_password(password)
    user.full_clean()
    user.save()
    audit.record(
        actor=actor, action="accounts.user_created", subject=f"user:{username}", data={"role": role}
    )
    return user
