"""Who a person is at a code host and in commits, and who is behind a login there."""

from __future__ import annotations

from flagstone.accounts.models import User
from flagstone.forge.git.commits import BOT, Person
from flagstone.forge.hosts.base import Account
from flagstone.forge.models import CodeHost, HostAccount

BOT_ACCOUNT = Account("flagstone", "Flagstone", "flagstone@noreply.invalid", is_bot=True)


def account_of(user: User) -> Account:
    """Return a person as the local code host knows them."""
    return Account(user.username, user.display_name, email_of(user))


def account_at(host: CodeHost, user: User) -> Account:
    """Return a person as a code host knows them: by their login there, where it is another."""
    login = HostAccount.objects.filter(host=host, user=user).values_list("login", flat=True).first()
    return Account(login or user.username, user.display_name, email_of(user))


def person_behind(host: CodeHost, login: str) -> User | None:
    """Return who has a login at a code host.

    Without a registered login it is the one of that name here, unless they are known to have another one there.
    """
    known = (
        HostAccount.objects.filter(host=host, login__iexact=login).select_related("user").first()
    )
    if known is not None:
        return known.user
    return User.objects.filter(username__iexact=login).exclude(host_accounts__host=host).first()


def person_of(user: User) -> Person:
    """Return a person as commits name them."""
    return Person(user.display_name, email_of(user))


def committer_at(host: CodeHost) -> Person:
    """Return who makes Flagstone's commits: its account there, if the code host shall know it again."""
    return Person(BOT.name, host.email or BOT.email)


def email_of(user: User) -> str:
    return user.email or f"{user.username}@noreply.invalid"
