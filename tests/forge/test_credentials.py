"""Secrets of code hosts: sealed at rest, rotated, write-only, and found nowhere else."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test import Client
from django.urls import reverse

from flagstone.accounts.models import User
from flagstone.core.admin_places import place_of
from flagstone.core.errors import Forbidden
from flagstone.core.sealing import SealBroken
from flagstone.forge import actions
from flagstone.forge.credentials import (
    read_secret,
    read_secrets,
    reseal_secrets,
    unreadable_secrets,
)
from flagstone.forge.errors import CredentialMissing, UnfitSecret
from flagstone.forge.models import (
    CodeHost,
    HostAccount,
    HostKind,
    HostSecret,
    Repository,
    SecretPurpose,
    WebhookDelivery,
)

CANARY = "canary-token-51b0c7e9a2"


@pytest.fixture(autouse=True)
def keys(settings: object) -> list[str]:
    settings.FLAGSTONE_SEALING_KEYS = [Fernet.generate_key().decode()]  # type: ignore[attr-defined]
    return settings.FLAGSTONE_SEALING_KEYS  # type: ignore[attr-defined]


@pytest.fixture
def github(db: None) -> CodeHost:
    return CodeHost.objects.create(
        name="github", kind=HostKind.GITHUB, web_url="https://github.com"
    )


def everything_in_the_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        texts = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            texts += [row[0] for row in cursor.fetchall()]
    return "\n".join(texts)


def test_a_secret_is_sealed_and_comes_back_only_to_who_signs_in_with_it(
    github: CodeHost, admin_user: User
) -> None:
    actions.store_secret(actor=admin_user, host=github, purpose="token", secret=f" {CANARY}\n")
    assert read_secret(github, SecretPurpose.TOKEN) == CANARY
    everything = everything_in_the_database()
    assert CANARY not in everything
    assert CANARY.encode().hex() not in everything
    assert "forge.secret_stored" in everything


def test_a_new_token_takes_the_place_of_the_old_one(github: CodeHost, admin_user: User) -> None:
    for secret in ("first-token", "second-token"):
        actions.store_secret(actor=admin_user, host=github, purpose="token", secret=secret)
    assert read_secrets(github, SecretPurpose.TOKEN) == ["second-token"]


def test_of_webhook_secrets_two_are_valid_while_the_hooks_are_changed_over(
    github: CodeHost, admin_user: User
) -> None:
    secrets = [f"{each}-webhook-secret-0123" for each in ("first", "second", "third")]
    for secret in secrets:
        actions.store_secret(actor=admin_user, host=github, purpose="webhook", secret=secret)
    assert read_secrets(github, SecretPurpose.WEBHOOK) == [secrets[2], secrets[1]]
    old = HostSecret.objects.order_by("pk")[0]
    actions.forget_secret(actor=admin_user, secret=old)
    assert read_secrets(github, SecretPurpose.WEBHOOK) == [secrets[2]]


def test_at_pagure_each_project_has_a_webhook_secret_of_its_own(db: None, admin_user: User) -> None:
    pagure = CodeHost.objects.create(
        name="pagure", kind=HostKind.PAGURE, web_url="https://pagure.example.com"
    )
    secrets = [f"{number:02}-secret-of-a-project" for number in range(51)]
    for secret in secrets:
        actions.store_secret(actor=admin_user, host=pagure, purpose="webhook", secret=secret)
    assert read_secrets(pagure, SecretPurpose.WEBHOOK) == secrets[:0:-1]


def test_a_missing_one_says_where_to_add_it(github: CodeHost) -> None:
    with pytest.raises(
        CredentialMissing, match="no access token for the code host github"
    ) as caught:
        read_secret(github, SecretPurpose.TOKEN)
    assert caught.value.message.endswith(
        "Add it in the admin under Repositories and pull requests, Host secrets."
    )


def test_messages_name_the_menu_of_the_admin_as_it_is(client: Client, admin_user: User) -> None:
    client.force_login(admin_user)
    menu = client.get(reverse("admin:index")).context["app_list"]
    headings = {app["name"]: {entry["name"] for entry in app["models"]} for app in menu}
    for model in (HostSecret, CodeHost, HostAccount, WebhookDelivery, Repository):
        heading, _, entry = place_of(model).removeprefix("in the admin under ").partition(", ")
        assert entry in headings[heading]


@pytest.mark.parametrize(
    ("purpose", "words"), [("token", "an access token"), ("webhook", "a secret of webhooks")]
)
def test_a_secret_of_two_words_is_refused_as_what_it_was_to_be(
    github: CodeHost, admin_user: User, purpose: str, words: str
) -> None:
    with pytest.raises(UnfitSecret, match=f"^That cannot be {words}, which is one line"):
        actions.store_secret(actor=admin_user, host=github, purpose=purpose, secret="two words")


@pytest.mark.parametrize(
    ("purpose", "secret"),
    [
        ("token", ""), ("token", "two words"), ("token", "line\nline"), ("token", "tökén"), ("token", "x" * 1001),
        ("webhook", "short"), ("app-key", CANARY), ("signing-key", CANARY),
        ("signing-key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_secret_is_refused_and_not_repeated(
    github: CodeHost, admin_user: User, purpose: str, secret: str
) -> None:
    with pytest.raises(UnfitSecret) as caught:
        actions.store_secret(actor=admin_user, host=github, purpose=purpose, secret=secret)
    assert not secret or secret not in caught.value.message
    assert not HostSecret.objects.exists()


def test_only_the_platform_team_may(github: CodeHost, member: User) -> None:
    with pytest.raises(Forbidden):
        actions.store_secret(actor=member, host=github, purpose="token", secret=CANARY)


def test_sealing_keys_are_changed_without_losing_a_secret(
    github: CodeHost, admin_user: User, settings: object, keys: list[str]
) -> None:
    actions.store_secret(actor=admin_user, host=github, purpose="token", secret=CANARY)
    new = Fernet.generate_key().decode()
    settings.FLAGSTONE_SEALING_KEYS = [new, *keys]  # type: ignore[attr-defined]
    assert reseal_secrets() == 1
    settings.FLAGSTONE_SEALING_KEYS = [new]  # type: ignore[attr-defined]
    assert read_secret(github, SecretPurpose.TOKEN) == CANARY
    settings.FLAGSTONE_SEALING_KEYS = keys  # type: ignore[attr-defined]
    with pytest.raises(SealBroken):
        reseal_secrets()


def lose_the_key(settings: object) -> None:
    settings.FLAGSTONE_SEALING_KEYS = [Fernet.generate_key().decode()]  # type: ignore[attr-defined]


def test_a_secret_whose_key_is_lost_is_in_nobodys_way_once_there_is_another(
    github: CodeHost, admin_user: User, settings: object
) -> None:
    store = partial(actions.store_secret, actor=admin_user, host=github, purpose="webhook")
    lost = store(secret="first-webhook-secret-0123")
    lose_the_key(settings)
    with pytest.raises(SealBroken):
        read_secrets(github, SecretPurpose.WEBHOOK)
    store(secret="second-webhook-secret-0123")
    assert read_secrets(github, SecretPurpose.WEBHOOK) == ["second-webhook-secret-0123"]
    assert unreadable_secrets(HostSecret.objects.all()) == [lost]


def test_the_ones_that_cannot_be_opened_are_named_with_what_to_do(
    github: CodeHost, admin_user: User, settings: object
) -> None:
    store = partial(actions.store_secret, actor=admin_user, host=github)
    token = store(purpose="token", secret=CANARY)
    HostSecret.objects.update(added_at=datetime(2026, 3, 1, 10, 30, 7, tzinfo=UTC))
    lose_the_key(settings)
    store(purpose="webhook", secret="second-webhook-secret-0123")
    sealed = bytes(HostSecret.objects.get(purpose="webhook").sealed)
    words = (
        "Stored secrets cannot be opened with the 1 sealing key that Flagstone has: Access token of the code host "
        "github, added 2026-03-01 10:30:07 UTC. Put its key back into FLAGSTONE_SEALING_KEYS; where that was never "
        "set, it is in the file sealing-key of FLAGSTONE_HOME, which does not count once it is set. If it is lost, "
        "enter the secret again and forget this one in the admin under Repositories and pull requests, Host secrets."
    )
    for act in (reseal_secrets, partial(read_secret, github, SecretPurpose.TOKEN)):
        with pytest.raises(SealBroken) as caught:
            act()
        assert caught.value.message == words
    assert bytes(HostSecret.objects.get(purpose="webhook").sealed) == sealed
    actions.store_secret(actor=admin_user, host=github, purpose="token", secret="another-token")
    assert not HostSecret.objects.filter(pk=token.pk).exists()
    assert reseal_secrets() == 2


def test_the_admin_marks_what_cannot_be_opened_and_tells_two_of_a_minute_apart(
    client: Client, github: CodeHost, admin_user: User, settings: object
) -> None:
    store = partial(actions.store_secret, actor=admin_user, host=github, purpose="webhook")
    store(secret="first-webhook-secret-0123")
    HostSecret.objects.update(added_at=datetime(2026, 3, 1, 10, 30, 7, tzinfo=UTC))
    lose_the_key(settings)
    store(secret="second-webhook-secret-0123")
    actions.store_secret(actor=admin_user, host=github, purpose="token", secret="a-token")
    client.force_login(admin_user)
    listing = client.get(reverse("admin:forge_hostsecret_changelist"))
    rows = listing.context["cl"].result_list
    shown = listing.context["cl"].model_admin
    assert [shown.can_be_opened(row) for row in rows] == [True, True, False]
    assert shown.added(rows[2]) == "2026-03-01 10:30:07"
    for page in (listing, client.get(reverse("admin:forge_codehost_change", args=[github.pk]))):
        assert "2026-03-01 10:30:07" in page.content.decode()


def test_the_page_of_a_code_host_opens_though_its_signing_key_does_not(
    client: Client, github: CodeHost, admin_user: User
) -> None:
    HostSecret.objects.create(
        host=github, purpose="signing-key", sealed=b"under a key that is lost"
    )
    client.force_login(admin_user)
    page = client.get(reverse("admin:forge_codehost_change", args=[github.pk]))
    assert page.status_code == 200
    assert "ssh key that signs commits of the code host github, added" in page.content.decode()


def test_the_admin_takes_a_secret_and_never_shows_it(
    client: Client, github: CodeHost, admin_user: User, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(admin_user)
    add = reverse("admin:forge_hostsecret_add")
    assert "sealed at once" in client.get(add).content.decode()
    with caplog.at_level(logging.DEBUG):
        wrong = client.post(add, {"host": github.pk, "purpose": "app-key", "secret": CANARY})
        right = client.post(
            add, {"host": github.pk, "purpose": "token", "secret": CANARY}, follow=True
        )
    kept = HostSecret.objects.get()
    pages = [
        wrong, right, client.get(reverse("admin:forge_hostsecret_changelist")),
        client.get(reverse("admin:forge_hostsecret_change", args=[kept.pk])),
        client.get(reverse("admin:forge_codehost_change", args=[github.pk])),
    ]  # fmt: skip
    assert "no private key of a GitHub App" in wrong.content.decode()
    assert [page.status_code for page in pages] == [200] * 5
    sealed = bytes(kept.sealed).decode()
    for page in pages:
        assert CANARY not in page.content.decode()
        assert sealed not in page.content.decode()
    assert "Access token" in pages[4].content.decode()
    assert CANARY not in caplog.text
    assert CANARY not in everything_in_the_database()


def test_the_admin_forgets_a_secret_through_the_action(
    client: Client, github: CodeHost, admin_user: User
) -> None:
    kept = actions.store_secret(actor=admin_user, host=github, purpose="token", secret=CANARY)
    client.force_login(admin_user)
    listing = reverse("admin:forge_hostsecret_changelist")
    chosen = {"action": "forget", "_selected_action": [kept.pk]}
    of_its_page = client.get(f"/admin/forge/hostsecret/{kept.pk}/forget/")
    for asked in (client.post(listing, chosen), of_its_page):
        assert "Without it Flagstone cannot read or ship anything there." in asked.content.decode()
    assert HostSecret.objects.exists()
    answer = client.post(listing, {**chosen, "confirmed": "yes"}, follow=True)
    assert "Access token of github is forgotten." in answer.content.decode()
    assert not HostSecret.objects.exists()
    assert "forge.secret_forgotten" in everything_in_the_database()


@pytest.mark.parametrize("purpose", ["token", "app-key", "webhook"])
def test_the_local_code_host_takes_no_secret_that_it_has_no_use_for(
    client: Client, db: None, admin_user: User, purpose: str
) -> None:
    local = CodeHost.objects.create(name="local", kind=HostKind.LOCAL)
    words = (
        "The local code host has no use for it: its repositories are folders on this machine, and nobody signs "
        "in there. It takes a ssh key that signs commits alone."
    )
    with pytest.raises(UnfitSecret) as caught:
        actions.store_secret(actor=admin_user, host=local, purpose=purpose, secret=CANARY)
    assert caught.value.message == words
    client.force_login(admin_user)
    answer = client.post(
        reverse("admin:forge_hostsecret_add"),
        {"host": local.pk, "purpose": purpose, "secret": CANARY},
    )
    assert answer.context["adminform"].form.non_field_errors() == [words]
    assert not HostSecret.objects.exists()
