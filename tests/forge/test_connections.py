from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.accounts.models import User
from flagstone.forge.connections import connect
from flagstone.forge.credentials import keep_secret
from flagstone.forge.errors import CredentialMissing
from flagstone.forge.git.commits import Person
from flagstone.forge.hosts.base import Account
from flagstone.forge.hosts.gitlab.forge import GitLabForge
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.hosts.pagure.forge import PagureForge
from flagstone.forge.models import CodeHost, HostKind, SecretPurpose
from flagstone.forge.people import account_of, person_of


def test_the_local_host_stands_where_the_settings_say(host: CodeHost, root: Path) -> None:
    forge = connect(host)
    assert isinstance(forge, LocalForge)
    assert forge.git_remote("a/b").url == str(root / "a/b.git")


def test_git_signs_in_at_pagure_with_the_name_that_belongs_to_the_token(db: None) -> None:
    pagure = CodeHost.objects.create(
        name="pagure", kind=HostKind.PAGURE, web_url="https://pagure.example"
    )
    keep_secret(pagure, SecretPurpose.TOKEN, "canary")
    with pytest.raises(CredentialMissing, match="Give the user name"):
        connect(pagure)
    pagure.user_name = "flagstone"
    forge = connect(pagure)
    assert isinstance(forge, PagureForge)
    remote = forge.git_remote("fork/ada/tools")
    assert (remote.name, remote.url) == (
        "fork/ada/tools", "https://pagure.example/forks/ada/tools.git",
    )  # fmt: skip
    # "flagstone:canary"
    header = {
        "http.https://pagure.example/.extraHeader": "Authorization: Basic ZmxhZ3N0b25lOmNhbmFyeQ=="
    }
    assert header.items() <= dict(remote.config).items()


def test_gitlab_and_its_git_get_the_token_each_in_its_way(db: None) -> None:
    gitlab = CodeHost.objects.create(
        name="gitlab", kind=HostKind.GITLAB, web_url="https://gitlab.example"
    )
    keep_secret(gitlab, SecretPurpose.TOKEN, "canary")
    forge = connect(gitlab)
    assert isinstance(forge, GitLabForge)
    remote = forge.git_remote("acme/payments/checkout")
    assert remote.url == "https://gitlab.example/acme/payments/checkout.git"
    # "oauth2:canary"
    header = {
        "http.https://gitlab.example/.extraHeader": "Authorization: Basic b2F1dGgyOmNhbmFyeQ=="
    }
    assert header.items() <= dict(remote.config).items()


def test_a_person_has_the_same_name_at_the_host_and_in_commits() -> None:
    user = User(username="mia", first_name="Mia", last_name="Wong", email="mia@example.com")
    assert account_of(user) == Account("mia", "Mia Wong", "mia@example.com")
    assert person_of(user) == Person("Mia Wong", "mia@example.com")


def test_a_person_without_an_address_gets_one_that_reaches_nobody() -> None:
    assert person_of(User(username="mia")) == Person("mia", "mia@noreply.invalid")
