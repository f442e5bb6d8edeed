"""Code hosts are corrected and removed by the platform team, and the audit chain tells of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict, Forbidden
from flagstone.core.models import AuditEntry
from flagstone.forge import actions
from flagstone.forge.models import CodeHost, HostKind, HostSecret, Repository, WebhookDelivery

CHANGELIST = "admin:forge_codehost_changelist"
INLINE = {"secrets-TOTAL_FORMS": "0", "secrets-INITIAL_FORMS": "0"}


@pytest.fixture
def pagure(db: None) -> CodeHost:
    """As it could once be registered: without the name that git signs in with."""
    return CodeHost.objects.create(
        name="pagure", kind=HostKind.PAGURE, web_url="https://pagure.example.com"
    )


@pytest.fixture
def admin(client: Client, admin_user: User) -> Client:
    client.force_login(admin_user)
    return client


def page_of(host: CodeHost) -> str:
    return reverse("admin:forge_codehost_change", args=[host.pk])


def removal_of(host: CodeHost) -> str:
    return f"/admin/forge/codehost/{host.pk}/remove/"


def test_pagure_is_registered_with_its_user_name_only(admin_user: User) -> None:
    given = {"name": "pagure", "kind": "pagure", "web_url": "https://pagure.example.com"}
    with pytest.raises(ValidationError, match="user name of the token's account"):
        actions.register_code_host(actor=admin_user, **given)
    assert not CodeHost.objects.exists()
    assert actions.register_code_host(actor=admin_user, user_name="bot", **given).user_name == "bot"


def test_the_form_says_that_pagure_needs_a_user_name(admin: Client) -> None:
    answer = admin.post(
        reverse("admin:forge_codehost_add"),
        {"name": "pagure", "kind": "pagure", "web_url": "https://pagure.example.com"},
    )
    assert answer.context["adminform"].form.errors == {
        "user_name": ["Give the user name of the token's account: at Pagure git signs in with it."]
    }


def test_what_was_entered_is_corrected_in_the_admin(admin: Client, pagure: CodeHost) -> None:
    answer = admin.post(
        page_of(pagure),
        {"web_url": "https://git.example.com/", "user_name": " bot ", "email": "bot@example.com",
         "app_id": "", **INLINE},
    )  # fmt: skip
    pagure.refresh_from_db()
    assert answer.status_code == 302
    assert (pagure.name, pagure.kind, pagure.web_url, pagure.user_name, pagure.email) == (
        "pagure", "pagure", "https://git.example.com", "bot", "bot@example.com",
    )  # fmt: skip
    entry = AuditEntry.objects.get(action="forge.code_host_corrected")
    assert (entry.subject, entry.data) == (
        "code-host:pagure",
        {
            "web_url": {"from": "https://pagure.example.com", "to": "https://git.example.com"},
            "user_name": {"from": "", "to": "bot"},
            "email": {"from": "", "to": "bot@example.com"},
        },
    )


def test_saving_without_a_change_leaves_no_entry(
    admin: Client, host: CodeHost, audit_actions: Callable[[], list[str]]
) -> None:
    assert admin.post(page_of(host), {"email": "", **INLINE}).status_code == 302
    assert "forge.code_host_corrected" not in audit_actions()


def test_the_address_stays_while_repositories_are_at_it(
    admin: Client, admin_user: User, pagure: CodeHost
) -> None:
    Repository.objects.create(host=pagure, full_name="acme/shop", head_commit="a" * 40)
    admin.post(
        page_of(pagure),
        {"web_url": "https://git.example.com", "user_name": "bot", "email": "", "app_id": "",
         **INLINE},
    )  # fmt: skip
    pagure.refresh_from_db()
    assert (pagure.web_url, pagure.user_name) == ("https://pagure.example.com", "bot")
    with pytest.raises(Conflict, match="Repositories of pagure are registered"):
        actions.correct_code_host(
            actor=admin_user, host=pagure, web_url="https://git.example.com", user_name="bot",
            email="", app_id="",
        )  # fmt: skip


def test_a_host_without_repositories_is_removed_after_a_question(
    admin: Client, pagure: CodeHost
) -> None:
    HostSecret.objects.create(host=pagure, purpose="token", sealed=b"x")
    WebhookDelivery.objects.create(host=pagure, delivery_id="1", event="push", payload=b"{}")
    assert removal_of(pagure) in admin.get(page_of(pagure)).content.decode()
    asked = admin.get(removal_of(pagure)).content.decode()
    assert "1 stored secret will be forgotten." in asked
    assert "1 webhook delivery from it will be deleted" in asked
    assert CodeHost.objects.exists()
    answer = admin.post(removal_of(pagure), {"confirmed": "yes"}, follow=True)
    assert answer.redirect_chain == [(reverse(CHANGELIST), 302)]
    assert "The code host pagure is removed." in answer.content.decode()
    assert not CodeHost.objects.exists()
    entry = AuditEntry.objects.get(action="forge.code_host_removed")
    assert (entry.subject, entry.data) == (
        "code-host:pagure",
        {"kind": "pagure", "address": "https://pagure.example.com", "secrets": 1, "deliveries": 1,
         "accounts": 0},
    )  # fmt: skip


def test_from_the_list_it_is_asked_as_well(admin: Client, pagure: CodeHost) -> None:
    chosen = {"action": "remove", "_selected_action": [str(pagure.pk)]}
    assert "Remove from Flagstone?" in admin.post(reverse(CHANGELIST), chosen).content.decode()
    assert CodeHost.objects.exists()
    admin.post(reverse(CHANGELIST), {**chosen, "confirmed": "yes"})
    assert not CodeHost.objects.exists()


def test_a_host_with_repositories_stays_and_the_page_says_why(
    admin: Client, gitops: Repository
) -> None:
    words = "Repositories of local are registered: acme/gitops. Unregister them first."
    asked = admin.get(removal_of(gitops.host)).content.decode()
    assert words in asked
    assert 'type="submit"' not in asked.partition('name="confirmed"')[2].partition("</form>")[0]
    answer = admin.post(removal_of(gitops.host), {"confirmed": "yes"}, follow=True)
    assert answer.redirect_chain == [(page_of(gitops.host), 302)]
    assert words in answer.content.decode()
    assert CodeHost.objects.exists()


def test_only_the_platform_team_corrects_and_removes(
    client: Client, pagure: CodeHost, member: User, make_user: Callable[..., Any]
) -> None:
    with pytest.raises(Forbidden):
        actions.remove_code_host(actor=member, host=pagure)
    with pytest.raises(Forbidden):
        actions.correct_code_host(
            actor=member, host=pagure, web_url=pagure.web_url, user_name="x", email="", app_id=""
        )
    client.force_login(make_user("mo", role="member", is_staff=True))
    assert client.post(removal_of(pagure), {"confirmed": "yes"}).status_code == 403
    assert client.post(page_of(pagure), {"user_name": "x", **INLINE}).status_code == 403
    assert CodeHost.objects.get().user_name == ""
