from __future__ import annotations

from pathlib import Path

from flagstone.accounts.models import User
from flagstone.forge.connections import connect
from flagstone.forge.git.commits import Person
from flagstone.forge.hosts.base import Account
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import CodeHost
from flagstone.forge.people import account_of, person_of


def test_the_local_host_stands_where_the_settings_say(host: CodeHost, root: Path) -> None:
    forge = connect(host)
    assert isinstance(forge, LocalForge)
    assert forge.git_remote("a/b").url == str(root / "a/b.git")


def test_a_person_has_the_same_name_at_the_host_and_in_commits() -> None:
    user = User(username="mia", first_name="Mia", last_name="Wong", email="mia@example.com")
    assert account_of(user) == Account("mia", "Mia Wong", "mia@example.com")
    assert person_of(user) == Person("Mia Wong", "mia@example.com")


def test_a_person_without_an_address_gets_one_that_reaches_nobody() -> None:
    assert person_of(User(username="mia")) == Person("mia", "mia@noreply.invalid")
