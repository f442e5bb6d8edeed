"""Where code hosts say that something happened: what is answered, stored and handed on (rows 36 and 38)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection, connections
from django.test import Client, RequestFactory
from kombu.exceptions import OperationalError

from flagstone.api import webhooks
from flagstone.forge import tasks
from flagstone.forge.credentials import keep_secret
from flagstone.forge.models import CodeHost, HostKind, HostSecret, Repository, WebhookDelivery
from tests.forge.hosts.webhooks import deliveries
from tests.forge.hosts.webhooks.deliveries import SECRET, Delivery

COMMIT = "0123456789abcdef0123456789abcdef01234567"
Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def sealing(settings: Any) -> None:
    settings.FLAGSTONE_SEALING_KEYS = [Fernet.generate_key().decode()]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Messages to the workers, kept here instead of in the broker."""
    messages: list[str] = []
    monkeypatch.setattr(tasks.work_delivery, "delay", messages.append)
    return messages


@pytest.fixture
def hosts(transactional_db: None) -> dict[str, CodeHost]:
    """A code host of each kind, with one secret for all, and acme/payments on each."""
    made = {}
    for kind in ("github", "gitlab", "gitea", "forgejo", "pagure"):
        host = CodeHost.objects.create(
            name=f"our-{kind}", kind=kind, web_url=f"https://{kind}.example.com"
        )
        keep_secret(host, "webhook", SECRET)
        Repository.objects.create(host=host, full_name="acme/Payments", head_commit="1" * 40)
        made[kind] = host
    return made


@pytest.fixture
def send(client: Client) -> Send:
    def post(delivery: Delivery, *, to: str = "", slash: str = "/") -> Any:
        path = f"/webhooks/{to or f'our-{delivery.kind}'}{slash}"
        headers = {
            name: value for name, value in delivery.headers.items() if name != "Content-Type"
        }
        kind = delivery.headers.get("Content-Type", "application/json")
        return client.post(path, data=delivery.body, content_type=kind, headers=headers)

    return post


def pull_request(number: int = 7, repository: str = "acme/payments", **more: Any) -> Delivery:
    values = {
        "action": "opened",
        "repository": {"full_name": repository},
        "pull_request": {"number": number},
        **more,
    }
    return deliveries.github(json.dumps(values).encode(), "pull_request")


def each_kind() -> Iterator[Delivery]:
    yield pull_request()
    yield Delivery(
        "gitea", deliveries.gitea(pull_request().body, "pull_request").headers, pull_request().body
    )
    forgejo = deliveries.gitea(pull_request().body, "pull_request", maker="Forgejo")
    yield Delivery("forgejo", forgejo.headers, forgejo.body)
    merge_request = {
        "object_kind": "merge_request",
        "project": {"path_with_namespace": "acme/payments"},
        "object_attributes": {"iid": 7, "action": "open"},
    }
    yield deliveries.gitlab(json.dumps(merge_request).encode())
    message = deliveries.pagure_message("pull-request.new", pullrequest={"id": 7})
    yield deliveries.pagure(json.dumps(message).encode())


def test_a_delivery_of_each_kind_is_stored_and_handed_to_a_worker(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    for delivery in each_kind():
        response = send(delivery)
        assert (response.status_code, response.json()) == (202, {"state": "received"})
        row = WebhookDelivery.objects.get(host=hosts[delivery.kind])
        assert (row.repository.full_name, row.pull_requests) == ("acme/Payments", [7])
        assert (row.state, row.attempts, row.error) == ("received", 0, "")
        assert bytes(row.payload) == delivery.body
        assert sent.pop() == str(row.pk)


def test_no_session_is_begun_and_no_cookie_set(
    send: Send, hosts: dict[str, CodeHost], sent: list[str], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(7) as queries:
        response = send(pull_request())
    assert not response.cookies
    assert "django_session" not in str(queries.captured_queries)
    assert "accounts_user" not in str(queries.captured_queries)


def test_the_address_is_good_without_its_slash(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    assert send(pull_request(), slash="").status_code == 202


def test_row_36_a_repeated_delivery_has_one_effect(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    answers = [send(pull_request()).status_code for _ in range(3)]
    assert answers == [202, 200, 200]
    assert WebhookDelivery.objects.count() == len(sent) == 1


def test_the_same_id_at_two_code_hosts_is_two_deliveries(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    other = CodeHost.objects.create(
        name="second", kind=HostKind.GITHUB, web_url="https://github.example.org"
    )
    keep_secret(other, "webhook", SECRET)
    Repository.objects.create(host=other, full_name="acme/payments", head_commit="1" * 40)
    assert [send(pull_request(), to=name).status_code for name in ("our-github", "second")] == [
        202,
        202,
    ]
    assert len(sent) == 2


def test_row_36_deliveries_that_come_at_once_have_one_effect(
    hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    delivery = pull_request()

    def post(_: int) -> int:
        try:
            return (
                Client()
                .post(
                    "/webhooks/our-github/",
                    data=delivery.body,
                    content_type="application/json",
                    headers=delivery.headers,
                )
                .status_code
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(post, range(24)))
    assert answers == [200] * 23 + [202]
    assert WebhookDelivery.objects.count() == len(sent) == 1


def test_row_36_a_bad_signature_is_refused_alike_whatever_is_wrong(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    good = pull_request()
    CodeHost.objects.create(name="no-secret", kind="github", web_url="https://ghe.example.com")
    answers = [
        send(good.but(x_hub_signature_256=None)),
        send(good.but(x_hub_signature_256="sha256=" + "0" * 64)),
        send(good.but(body=good.body + b" ")),
        send(deliveries.github(good.body, "pull_request", secret="another secret")),
        send(good, to="no-secret"),
        send(good.but(body=b"no json at all", x_github_delivery=None)),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["code"] == "webhook.bad_signature"
    assert answers[0]["Content-Type"] == "application/problem+json"
    assert not WebhookDelivery.objects.exists()
    assert sent == []


def test_an_unknown_code_host_and_the_local_one_are_nothing(
    send: Send, hosts: dict[str, CodeHost]
) -> None:
    CodeHost.objects.create(name="here", kind=HostKind.LOCAL)
    answers = [send(pull_request(), to=name) for name in ("nowhere", "here")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_posts_are_taken(client: Client, db: None, method: str) -> None:
    assert getattr(client, method)("/webhooks/our-github/").status_code == 405


def test_a_body_that_is_too_large_is_refused_before_it_is_read(
    send: Send, hosts: dict[str, CodeHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "LARGEST_BODY", 1000)
    padded = pull_request(padding="x" * 1000)
    monkeypatch.setattr(webhooks, "_read", lambda _: pytest.fail("it was read"))
    response = send(padded)
    assert (response.status_code, response.json()["code"]) == (413, "webhook.too_large")


def test_a_body_in_chunks_is_told_to_have_no_length(
    rf: RequestFactory, hosts: dict[str, CodeHost]
) -> None:
    good = pull_request()
    headers = {**good.headers, "Transfer-Encoding": "chunked"}
    request = rf.generic("POST", "/webhooks/our-github/", good.body, headers=headers)
    del request.META["CONTENT_LENGTH"]
    response = webhooks.deliver(request, "our-github")
    found = json.loads(response.content)
    assert (response.status_code, found["code"]) == (411, "webhook.length_required")
    assert "send a Content-Length" in found["detail"]


def test_a_body_larger_than_a_form_may_be_is_taken(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    delivery = pull_request(padding="x" * (12 * 1024 * 1024))
    assert send(delivery).status_code == 202
    assert len(WebhookDelivery.objects.get().payload) == len(delivery.body)


def test_a_body_that_ends_too_soon_is_no_delivery(
    rf: RequestFactory, hosts: dict[str, CodeHost]
) -> None:
    request = rf.generic("POST", "/webhooks/our-github/", b"", headers=pull_request().headers)
    request.META["CONTENT_LENGTH"] = "10"
    request._stream = BytesIO(b"{")
    response = webhooks.deliver(request, "our-github")
    assert (response.status_code, json.loads(response.content)["code"]) == (400, "webhook.cut_off")


def test_what_is_signed_and_cannot_be_read_is_told_so(
    send: Send, hosts: dict[str, CodeHost], caplog: pytest.LogCaptureFixture
) -> None:
    response = send(deliveries.github(b"[]", "push"))
    assert (response.status_code, response.json()["code"]) == (400, "webhook.unreadable")
    assert not WebhookDelivery.objects.exists()
    assert "a webhook of our-github cannot be read" in caplog.text


def test_an_event_of_no_interest_is_stored_and_left_alone(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    body = json.dumps({"zen": "Keep it logically awesome.", "hook_id": 1}).encode()
    response = send(deliveries.github(body, "ping"))
    assert (response.status_code, response.json()) == (202, {"state": "ignored"})
    row = WebhookDelivery.objects.get()
    assert (row.event, row.repository_name, row.state) == ("ping", "", "ignored")
    assert sent == []


def test_a_repository_that_is_not_registered_is_told_after_the_proof_alone(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    other = pull_request(repository="acme/other")
    assert send(other.but(x_hub_signature_256=None)).status_code == 401
    response = send(other)
    assert (response.status_code, response.json()["code"]) == (404, "webhook.repository_unknown")
    row = WebhookDelivery.objects.get()
    assert (row.state, row.error, row.repository_name) == (
        "ignored", "Its repository is not registered in Flagstone.", "acme/other",
    )  # fmt: skip
    assert sent == []


def test_gitlab_hears_no_error_of_a_repository_that_is_not_registered(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    """It switches a webhook off that is answered with errors, and one of a group comes from all its projects."""
    body = {
        "object_kind": "merge_request",
        "project": {"path_with_namespace": "acme/other"},
        "object_attributes": {"iid": 7},
    }
    response = send(deliveries.gitlab(json.dumps(body).encode()))
    assert (response.status_code, response.json()) == (202, {"state": "ignored"})
    assert sent == []


def test_a_repository_of_another_code_host_is_not_meant(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    Repository.objects.filter(host=hosts["github"]).delete()
    assert send(pull_request()).status_code == 404


def test_a_redelivery_gives_one_that_failed_another_chance(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    send(pull_request())
    WebhookDelivery.objects.update(state="failed", attempts=8, error="gone")
    assert send(pull_request()).status_code == 200
    row = WebhookDelivery.objects.get()
    assert (row.state, row.attempts, row.error) == ("received", 0, "")
    assert sent == [str(row.pk)] * 2


def test_a_redelivery_after_the_repository_was_registered_is_worked(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    other = pull_request(repository="acme/other")
    assert send(other).status_code == 404
    added = Repository.objects.create(
        host=hosts["github"], full_name="acme/other", head_commit="1" * 40
    )
    assert send(other).status_code == 200
    row = WebhookDelivery.objects.get()
    assert (row.state, row.repository) == ("received", added)
    assert sent == [str(row.pk)]


def test_a_redelivery_of_one_that_is_done_is_nothing(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    send(pull_request())
    WebhookDelivery.objects.update(state="done")
    assert send(pull_request()).status_code == 200
    assert WebhookDelivery.objects.get().state == "done"
    assert len(sent) == 1


def test_a_repository_that_was_renamed_is_found_by_its_former_name(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    values = {
        "action": "renamed",
        "repository": {"full_name": "acme/money"},
        "changes": {"repository": {"name": {"from": "payments"}}},
    }
    assert send(deliveries.github(json.dumps(values).encode(), "repository")).status_code == 202
    row = WebhookDelivery.objects.get()
    assert (row.repository.full_name, row.reads_repository) == ("acme/Payments", True)


def test_no_secret_signature_or_token_is_stored(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    """Old versions of Gitea repeat the secret in the body."""
    body = json.dumps({"secret": SECRET, "repository": {"full_name": "acme/payments"}}).encode()
    signed = deliveries.gitea(body, "push").but(authorization=f"Bearer {SECRET}", cookie="a=b")
    assert send(signed).status_code == 202
    send(deliveries.gitlab(json.dumps({"object_kind": "push", "note": SECRET}).encode()))
    assert WebhookDelivery.objects.count() == 2
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT convert_from(payload, 'UTF8') || headers::text || d::text FROM forge_webhookdelivery d"
        )
        stored = "\n".join(row[0] for row in cursor.fetchall())
    assert "[redacted]" in stored
    for secret in (SECRET, SECRET.encode().hex(), signed.headers["X-Gitea-Signature"], "Bearer"):
        assert secret not in stored
    assert WebhookDelivery.objects.get(host=hosts["gitea"]).headers == {
        "content-type": "application/json",
        "x-gitea-delivery": "f6266f16-1bf3-46a5-9ea4-602e06ead473",
        "x-gitea-event": "push",
    }


def test_row_38_a_broker_that_is_down_loses_no_delivery(
    send: Send, hosts: dict[str, CodeHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(tasks.work_delivery, "delay", fail)
    assert send(pull_request()).status_code == 202
    assert WebhookDelivery.objects.get().state == "received"


def test_a_seal_that_is_broken_is_told_to_the_log_alone(
    send: Send, hosts: dict[str, CodeHost], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.FLAGSTONE_SEALING_KEYS = [Fernet.generate_key().decode()]
    response = send(pull_request())
    assert (response.status_code, response.json()["code"]) == (503, "webhook.not_ready")
    assert b"SEALING" not in response.content
    assert "webhooks of our-github cannot be proven" in caplog.text


def test_a_new_secret_is_enough_where_the_key_of_the_old_one_is_lost(
    send: Send, hosts: dict[str, CodeHost], settings: Any, sent: list[str]
) -> None:
    settings.FLAGSTONE_SEALING_KEYS = [Fernet.generate_key().decode()]
    keep_secret(hosts["github"], "webhook", "the new secret of all")
    new = deliveries.github(pull_request().body, "pull_request", secret="the new secret of all")
    assert [send(new).status_code, send(pull_request()).status_code] == [202, 401]


def test_both_secrets_are_good_while_the_webhooks_are_changed_over(
    send: Send, hosts: dict[str, CodeHost], sent: list[str]
) -> None:
    keep_secret(hosts["github"], "webhook", "the new secret of all")
    old = pull_request()
    new = deliveries.github(old.body, "pull_request", secret="the new secret of all")
    new = new.but(x_github_delivery="another")
    assert [send(old).status_code, send(new).status_code] == [202, 202]
    HostSecret.objects.order_by("pk").filter(host=hosts["github"])[0].delete()
    assert send(old.but(x_github_delivery="a third")).status_code == 401
