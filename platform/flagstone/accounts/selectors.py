"""Typed reads of people and tokens."""

from __future__ import annotations

from flagstone.accounts.models import ApiToken, User
from flagstone.core.errors import NotFound


def tokens_of(user: User) -> list[ApiToken]:
    """List a person's tokens, the newest first, ended ones included."""
    return list(ApiToken.objects.filter(user=user).order_by("-created_at"))


def token_of(user: User, pk: int) -> ApiToken:
    """Return one token of a person; somebody else's does not exist for them."""
    token = ApiToken.objects.filter(user=user, pk=pk).first()
    if token is None:
        raise NotFound("You have no such token. It may belong to somebody else.")
    return token
