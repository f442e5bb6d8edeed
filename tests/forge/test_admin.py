from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from flagstone.accounts.models import User
from flagstone.forge.models import ChangeRequest, CodeHost, PullRequest, Repository, WebhookDelivery
from tests.forge.repositories import make_repository

MODELS = ["codehost", "repository", "pullrequest", "changerequest"]
ADD = "/admin/forge/repository/add/"


@pytest.fixture
def admin(client: Client, admin_user: User) -> Client:
    client.force_login(admin_user)
    return client


@pytest.mark.parametrize("model", MODELS)
def test_every_model_can_be_listed_and_looked_at(
    admin: Client, opened: PullRequest, change: ChangeRequest, model: str
) -> None:
    rows = {
        "codehost": opened.repository.host, "repository": opened.repository,
        "pullrequest": opened, "changerequest": change,
    }  # fmt: skip
    listing = admin.get(reverse(f"admin:forge_{model}_changelist"))
    page = admin.get(reverse(f"admin:forge_{model}_change", args=[rows[model].pk]))
    assert (listing.status_code, page.status_code) == (200, 200)
    assert ("_save" in page.content.decode()) is (model in {"codehost", "repository"})


@pytest.mark.parametrize("model", MODELS[2:])
def test_what_code_hosts_say_cannot_be_added_or_deleted(
    admin: Client, opened: PullRequest, model: str
) -> None:
    assert admin.get(reverse(f"admin:forge_{model}_add")).status_code == 403
    admin.post(
        reverse(f"admin:forge_{model}_changelist"),
        {"action": "delete_selected", "_selected_action": ["1"], "post": "yes"},
    )
    assert (PullRequest.objects.count(), ChangeRequest.objects.count()) == (1, 1)


def test_a_code_host_is_registered_through_the_action(
    admin: Client, audit_actions: Callable[[], list[str]]
) -> None:
    admin.post(reverse("admin:forge_codehost_add"), {"name": "local", "kind": "local"})
    assert CodeHost.objects.get().name == "local"
    assert "forge.code_host_registered" in audit_actions()


def test_a_second_local_code_host_is_a_form_error(admin: Client, host: CodeHost) -> None:
    answer = admin.post(reverse("admin:forge_codehost_add"), {"name": "second", "kind": "local"})
    assert "There is a local code host already" in answer.content.decode()


def test_a_repository_is_registered_through_the_action_and_looked_at(
    admin: Client,
    host: CodeHost,
    root: Path,
    enqueued: list[tuple[str, object]],
    audit_actions: Callable[[], list[str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    make_repository(root, {"README.md": "hello\n"}, full_name="acme/own")
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.post(ADD, {"host": host.pk, "full_name": "acme/own", "role": "gitops"})
    row = Repository.objects.get()
    assert (answer.status_code, row.full_name, row.role, row.default_branch) == (
        302, "acme/own", "gitops", "main",
    )  # fmt: skip
    assert audit_actions()[-1] == "forge.repository_registered"
    assert enqueued == [("flagstone.forge.sync_repository", row.pk)]


def test_a_repository_that_is_not_there_is_told_on_the_form(admin: Client, host: CodeHost) -> None:
    answer = admin.post(ADD, {"host": host.pk, "full_name": "acme/nowhere", "role": "gitops"})
    (told,) = answer.context["adminform"].form.non_field_errors()
    assert answer.status_code == 200
    assert "acme/nowhere" in told
    assert told in unescape(answer.content.decode())
    assert not Repository.objects.exists()


def test_a_repository_is_added_once(admin: Client, gitops: Repository) -> None:
    data = {"host": gitops.host_id, "full_name": "ACME/gitops", "role": "gitops"}
    answer = admin.post(ADD, data)
    assert "There is a repository of that name already." in answer.content.decode()
    assert Repository.objects.count() == 1


@pytest.mark.parametrize(("is_staff", "status"), [(True, 403), (False, 302)])
@pytest.mark.parametrize("model", ["codehost", "repository"])
def test_only_the_platform_team_adds(
    client: Client,
    make_user: Callable[..., User],
    host: CodeHost,
    root: Path,
    model: str,
    is_staff: bool,
    status: int,
) -> None:
    make_repository(root, {"README.md": "hello\n"}, full_name="acme/own")
    client.force_login(make_user("mo", role="member", is_staff=is_staff))
    data = {"name": "new", "kind": "local", "host": host.pk, "full_name": "acme/own",
            "role": "gitops"}  # fmt: skip
    answer = client.post(reverse(f"admin:forge_{model}_add"), data)
    assert answer.status_code == status
    assert (CodeHost.objects.count(), Repository.objects.count()) == (1, 0)


def test_repositories_can_be_looked_at_again(
    admin: Client,
    gitops: Repository,
    enqueued: list[tuple[str, object]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(
            reverse("admin:forge_repository_changelist"),
            {"action": "sync", "_selected_action": [str(gitops.pk)]},
        )
    assert enqueued == [("flagstone.forge.sync_repository", gitops.pk)]


def test_deliveries_are_shown_and_failed_ones_worked_again(
    admin: Client,
    gitops: Repository,
    enqueued: list[tuple[str, object]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    usual = {"host": gitops.host, "event": "push", "payload": b'{"ref": "<b>main\xff"}'}
    failed = WebhookDelivery.objects.create(delivery_id="1", state="failed", **usual)
    WebhookDelivery.objects.create(delivery_id="2", state="done", **usual)
    listing = reverse("admin:forge_webhookdelivery_changelist")
    page = admin.get(reverse("admin:forge_webhookdelivery_change", args=[failed.pk]))
    assert (admin.get(listing).status_code, page.status_code) == (200, 200)
    assert "{&quot;ref&quot;: &quot;&lt;b&gt;main\ufffd&quot;}" in page.content.decode()
    chosen = [str(pk) for pk in WebhookDelivery.objects.values_list("pk", flat=True)]
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.post(
            listing,
            {"action": "work_again", "_selected_action": chosen, "confirmed": "yes"},
            follow=True,
        )
    told = sorted(str(message) for message in answer.context["messages"])
    assert told == [
        "The delivery 2 is done; only failed ones are worked again.",
        "The delivery push 1 is being worked again: its state tells how it went.",
    ]
    assert enqueued == [("flagstone.forge.work_delivery", str(failed.pk))]
    assert not WebhookDelivery.objects.filter(state="failed").exists()


def test_a_failed_delivery_is_worked_again_from_its_own_page(
    admin: Client, gitops: Repository
) -> None:
    failed = WebhookDelivery.objects.create(
        host=gitops.host, event="push", delivery_id="1", state="failed", payload=b"{}"
    )
    page = reverse("admin:forge_webhookdelivery_change", args=[failed.pk])
    address = f"/admin/forge/webhookdelivery/{failed.pk}/work-again/"
    assert address in admin.get(page).content.decode()
    assert "as it is now" in admin.get(address).content.decode()
    assert WebhookDelivery.objects.get().state == "failed"
    answer = admin.post(address, {"confirmed": "yes"}, follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert "is being worked again" in answer.content.decode()
    assert WebhookDelivery.objects.get().state == "received"
    assert "only failed ones are worked again" in admin.get(address).content.decode()


def test_a_code_host_elsewhere_shows_the_address_for_its_webhooks(
    admin: Client, host: CodeHost, settings: Any
) -> None:
    settings.FLAGSTONE_URL = "https://flagstone.example.com"
    far = CodeHost.objects.create(name="our-hub", kind="github", web_url="https://github.com")
    shown, local = (
        admin.get(reverse("admin:forge_codehost_change", args=[each.pk])).content.decode()
        for each in (far, host)
    )
    assert "https://flagstone.example.com/webhooks/our-hub" in shown
    assert "/webhooks/" not in local


@pytest.mark.parametrize(("state", "after"), [("failed", "requested"), ("opened", "opened")])
def test_halted_changes_can_be_resumed(
    admin: Client, change: ChangeRequest, state: str, after: str
) -> None:
    ChangeRequest.objects.update(state=state)
    answer = admin.post(
        reverse("admin:forge_changerequest_changelist"),
        {"action": "resume", "_selected_action": [str(change.pk)]},
        follow=True,
    )
    assert ChangeRequest.objects.get().state == after
    assert ("nothing to resume" in answer.content.decode()) is (state == "opened")
