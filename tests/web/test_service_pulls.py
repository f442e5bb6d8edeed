from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flagstone.forge.models import CodeHost, PullRequest, Repository
from flagstone.web.service_pulls import pulls_of, waiting_for_review
from tests.web import rows


@pytest.fixture
def pull(db: None) -> Any:
    host = CodeHost.objects.create(name="local", kind="local")
    repositories = {
        "gitops": Repository.objects.create(host=host, full_name="shop/gitops", role="gitops"),
        "pay": Repository.objects.create(host=host, full_name="shop/pay"),
        "other": Repository.objects.create(host=host, full_name="shop/other"),
    }

    def make(
        title: str, repository: str = "gitops", branch: str = "x", **fields: Any
    ) -> PullRequest:
        values = {
            "number": PullRequest.objects.count() + 1,
            "state": "open",
            "target_branch": "main",
            "author_login": "mia",
            "opened_at": rows.NOW - timedelta(hours=30),
            "updated_at": rows.NOW,
            **fields,
        }
        return PullRequest.objects.create(
            repository=repositories[repository], title=title, source_branch=branch, **values
        )

    return make


@pytest.mark.parametrize(
    ("_case", "fields", "concerned"),
    [
        ("its own repository", {"title": "Anything", "repository": "pay"}, True),
        ("named in the title", {"title": "Give Pay an end"}, True),
        ("named before a colon", {"title": "pay: release"}, True),
        ("begins the branch", {"title": "Anything", "branch": "pay-retries"}, True),
        ("after a slash in the branch", {"title": "Anything", "branch": "release/pay"}, True),
        ("part of another word", {"title": "Pay-out and payouts", "branch": "payouts"}, False),
        ("end of another name", {"title": "auto-pay", "branch": "auto-pay"}, False),
        ("another repository", {"title": "pay", "repository": "other"}, False),
    ],
)
def test_which_pull_requests_concern_a_service(
    pull: Any, _case: str, fields: dict[str, str], concerned: bool
) -> None:
    made = pull(**fields)
    assert list(pulls_of(rows.service("pay"))) == ([made] if concerned else [])


def test_those_that_wait_longer_than_the_promise(pull: Any) -> None:
    oldest = pull("pay: a", opened_at=rows.NOW - timedelta(days=3))
    late = pull("pay: b")
    pull("pay: fresh", opened_at=rows.NOW - timedelta(hours=2))
    pull("pay: ready lately", ready_at=rows.NOW - timedelta(hours=1))
    pull("pay: seen", first_review_at=rows.NOW)
    pull("pay: draft", is_draft=True)
    pull("pay: merged", state="merged")
    assert waiting_for_review([rows.service("pay")], rows.NOW) == [oldest, late]


def test_without_services_nothing_waits(pull: Any) -> None:
    pull("pay: a")
    assert waiting_for_review([], rows.NOW) == []
