"""From a row to the adapter that speaks to it, and from a person to their account there."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from django.conf import settings

from flagstone.accounts.models import User
from flagstone.forge.git.commits import Person
from flagstone.forge.hosts.base import Account, Forge
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import CodeHost, HostKind

BOT_ACCOUNT = Account("flagstone", "Flagstone", "flagstone@noreply.invalid", is_bot=True)


def connect(host: CodeHost) -> Forge:
    """Return the adapter of a code host."""
    kind = HostKind(host.kind)
    if kind is HostKind.LOCAL:
        return local_forge()
    assert_never(kind)


def local_forge() -> LocalForge:
    """Return the local code host: one folder, named by the settings."""
    return LocalForge(Path(settings.FLAGSTONE_LOCAL_HOST_ROOT))


def account_of(user: User) -> Account:
    """Return a person as code hosts know them."""
    return Account(user.username, user.display_name, email_of(user))


def person_of(user: User) -> Person:
    """Return a person as commits name them."""
    return Person(user.display_name, email_of(user))


def email_of(user: User) -> str:
    return user.email or f"{user.username}@noreply.invalid"
