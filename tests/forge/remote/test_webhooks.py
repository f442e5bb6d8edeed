"""Webhooks of code hosts of each kind, from the request to the row: only what the code host says afterwards counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from flagstone.forge import pipeline
from flagstone.forge.credentials import keep_secret
from flagstone.forge.hosts.base import MergeMethod, PullRequestSpec
from flagstone.forge.models import PullRequest, Repository, SecretPurpose, WebhookDelivery
from flagstone.forge.people import BOT_ACCOUNT
from tests.forge.hosts.webhooks import deliveries
from tests.forge.hosts.webhooks.deliveries import Delivery
from tests.forge.remote.worlds import REPO, World
from tests.forge.repositories import push_by_hand

HOST_STATE = {"state": "open", "merged": False}


def _github(what: str, commit: str) -> Delivery:
    repository = {"id": 1, "full_name": REPO}
    body: dict[str, Any] = {"action": what, "repository": repository}
    if what == "push":
        body |= {"ref": "refs/heads/main", "after": commit}
        return deliveries.github(json.dumps(body).encode(), "push")
    if what == "status":
        return deliveries.github(json.dumps(body | {"sha": commit}).encode(), "status")
    body["pull_request"] = {"number": 1, **HOST_STATE}
    return deliveries.github(json.dumps(body).encode(), "pull_request")


def _gitea(what: str, commit: str) -> Delivery:
    like = _github(what, commit)
    return deliveries.gitea(like.body, like.headers["X-GitHub-Event"])


def _gitlab(what: str, commit: str) -> Delivery:
    body: dict[str, Any] = {"project": {"id": 1, "path_with_namespace": REPO}}
    if what == "push":
        body |= {"object_kind": "push", "ref": "refs/heads/main", "after": commit}
    elif what == "status":
        body |= {"object_kind": "pipeline", "object_attributes": {"sha": commit}}
    else:
        attributes = {"iid": 1, "action": what, **HOST_STATE}
        body |= {"object_kind": "merge_request", "object_attributes": attributes}
    return deliveries.gitlab(json.dumps(body).encode())


def _pagure(what: str, commit: str) -> Delivery:
    message = {"project_fullname": REPO}
    if what == "push":
        body = deliveries.pagure_message("git.receive", branch="main", end_commit=commit, **message)
    elif what == "status":
        body = deliveries.pagure_message(
            "commit.flag.added", flag={"commit_hash": commit}, **message
        )
    else:
        body = deliveries.pagure_message(
            f"pull-request.{what}", pullrequest={"id": 1, **HOST_STATE}, **message
        )
    return deliveries.pagure(json.dumps(body).encode())


_MAKERS: Mapping[str, Callable[[str, str], Delivery]] = {
    "github": _github,
    "gitlab": _gitlab,
    "gitea": _gitea,
    "forgejo": _gitea,
    "pagure": _pagure,
}


@pytest.fixture
def tell(far: World, client: Client) -> Callable[..., int]:
    """Send a webhook as the code host does, each under a new id: `tell("opened")`."""
    keep_secret(far.host, SecretPurpose.WEBHOOK, deliveries.SECRET)

    def send(what: str, commit: str = "1" * 40) -> int:
        made = _MAKERS[far.host.kind](what, commit)
        number = WebhookDelivery.objects.count()
        headers = dict(made.headers)
        for name in headers:
            if name.endswith("-Delivery") or name == "Idempotency-Key":
                headers[name] = f"delivery-{number}"
        body = made.body
        if far.host.kind == "pagure":
            body = body.replace(b'"2026-', b'"%d-' % number)
            headers["X-Pagure-Signature-256"] = deliveries.hex_signature(body)
        kind = headers.pop("Content-Type")
        answer = client.post(
            f"/webhooks/{far.host.name}/", data=body, content_type=kind, headers=headers
        )
        return answer.status_code

    return send


@pytest.fixture
def pull(far: World, tmp_path: Path) -> Any:
    """A pull request that somebody opened at the code host, past Flagstone."""
    push_by_hand(far.bare, tmp_path, {"by-hand.txt": "1\n2\n"}, branch="by-hand")
    spec = PullRequestSpec("By hand", "Why not.", "by-hand", "main", BOT_ACCOUNT)
    return far.forge.create_pull_request(REPO, spec)


def work() -> None:
    for delivery in WebhookDelivery.objects.filter(state="received").order_by("received_at"):
        pipeline.work_delivery(delivery.pk)


def reads(far: World) -> int:
    """How often the pull request itself was asked for."""
    paths = [each.path.partition("?")[0] for each in far.server.requests if each.method == "GET"]
    return sum(
        path.endswith(("/pulls/1", "/merge_requests/1", "/pull-request/1")) for path in paths
    )


def test_a_pull_request_is_known_as_soon_as_its_webhook_came(
    far: World, pull: Any, tell: Callable[..., int]
) -> None:
    assert tell("opened") == 202
    work()
    row = PullRequest.objects.get()
    assert (row.number, row.title, row.state, row.additions, row.size) == (
        1, "By hand", "open", 2, 2,
    )  # fmt: skip
    assert set(WebhookDelivery.objects.values_list("state", "error")) == {("done", "")}


def test_row_36_an_old_event_after_a_newer_one_leaves_the_state_that_the_host_has(
    far: World, pull: Any, tell: Callable[..., int]
) -> None:
    far.forge.merge_pull_request(
        REPO, 1, expected_head=pull.head, method=MergeMethod.MERGE, by=BOT_ACCOUNT
    )
    assert tell("closed") == 202
    work()
    # both say that it is open; the second comes late
    assert tell("opened") == 202
    work()
    row = PullRequest.objects.get()
    assert row.state == "merged"
    assert row.merged_at is not None


def test_a_push_and_a_check_have_the_right_things_read(
    far: World, pull: Any, tell: Callable[..., int], tmp_path: Path
) -> None:
    tell("opened")
    work()
    head = push_by_hand(far.bare, tmp_path, {"new.txt": "1\n"})
    assert tell("push", head) == 202
    work()
    assert Repository.objects.get().head_commit == head
    assert PullRequest.objects.get().state == "open"
    far.forge.close_pull_request(REPO, 1, by=BOT_ACCOUNT)
    assert tell("status", pull.head) == 202
    work()
    assert PullRequest.objects.get().state == "closed"


def test_row_37_a_merge_whose_webhook_never_came_is_found_within_ten_minutes(
    far: World, pull: Any, tell: Callable[..., int]
) -> None:
    tell("opened")
    work()
    pipeline.sync_repository(far.repository.pk)
    far.forge.merge_pull_request(
        REPO, 1, expected_head=pull.head, method=MergeMethod.MERGE, by=BOT_ACCOUNT
    )
    assert pipeline.claim_due_repositories() == []
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        assert pipeline.claim_due_repositories() == [far.repository.pk]
    pipeline.sync_repository(far.repository.pk)
    assert PullRequest.objects.get().state == "merged"


def test_a_burst_of_fifty_is_answered_stored_and_worked_with_few_requests(
    far: World, pull: Any, tell: Callable[..., int]
) -> None:
    assert {tell("edited") for _ in range(50)} == {202}
    far.server.requests.clear()
    work()
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"done"}
    assert WebhookDelivery.objects.count() == 50
    assert reads(far) <= 2  # as many as reading it once takes: Pagure's adapter asks twice
