"""Pull requests in the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flagstone.accounts.models import User
from flagstone.forge.models import CodeHost, PullRequest, Repository
from flagstone.gate.models import PullRequestVerdict

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_a_pull_request_tells_its_page_its_beginning_its_conflict_and_the_verdict(
    client_of: Callable[..., Any], member: User
) -> None:
    host = CodeHost.objects.create(name="far", kind="gitea", web_url="https://git.example")
    repository = Repository.objects.create(host=host, full_name="acme/pay", head_commit="a" * 40)
    told = {
        "url": "https://git.example/acme/pay/pulls/7",
        "began_at": NOON,
        "has_conflict": True,
        "opened_at": NOON,
        "updated_at": NOON,
    }
    pull = PullRequest.objects.create(repository=repository, number=7, state="open", **told)
    reader = client_of(member, "read")
    fields = ("url", "began_at", "has_conflict", "verdict")
    answer = reader.get(f"/api/v1/pull-requests/{pull.pk}").json()
    assert [answer[name] for name in fields] == [
        "https://git.example/acme/pay/pulls/7", "2026-11-02T12:00:00Z", True, None,
    ]  # fmt: skip
    PullRequestVerdict.objects.create(
        pull_request=pull, asked="x", head_commit="", decision="slow", judged_at=NOON
    )
    [listed] = reader.get("/api/v1/pull-requests").json()["results"]
    assert listed["verdict"] == "slow"
