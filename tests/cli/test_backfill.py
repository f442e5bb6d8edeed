"""`flagstone forge backfill`: history from before Flagstone, resumable, in the bounds of the code host."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.http_server import Fault, Reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def far(transactional_db, tmp_path, monkeypatch):
    """Three merged pull requests at a Gitea, from before Flagstone took on their repository."""
    from flagstone.forge.hosts.base import MergeMethod, PullRequestSpec
    from flagstone.forge.models import Repository
    from flagstone.forge.people import BOT_ACCOUNT
    from tests.forge.remote.worlds import REPO, world
    from tests.forge.repositories import push_by_hand

    with world("gitea", tmp_path / "far", monkeypatch) as made:
        for number in (1, 2, 3):
            push_by_hand(
                made.bare, tmp_path, {f"{number}.txt": "x\n" * number}, branch=f"b{number}"
            )
            spec = PullRequestSpec(f"Change {number}", "", f"b{number}", "main", BOT_ACCOUNT)
            pull = made.forge.create_pull_request(REPO, spec)
            made.forge.merge_pull_request(
                REPO, number, expected_head=pull.head, method=MergeMethod.MERGE, by=BOT_ACCOUNT
            )
        Repository.objects.update(created_at=timezone.now() + timedelta(days=1))
        made.server.requests.clear()
        yield made


def test_history_is_read_once_and_told_to_nobody(run, far):
    from flagstone.core.models import AuditEntry
    from flagstone.forge.models import PullRequest

    done = run("forge", "backfill")
    assert (done.status, done.out) == (0, "acme/gitops: 3 read.\n")
    assert "acme/gitops: 3 of 3" in done.err
    rows = PullRequest.objects.order_by("number").values_list("number", "state", "size")
    assert list(rows) == [(1, "merged", 1), (2, "merged", 2), (3, "merged", 3)]
    assert not AuditEntry.objects.filter(action__startswith="forge.pull_request").exists()
    sent = len(far.server.requests)
    assert run("forge", "backfill", "acme/gitops").out == "acme/gitops: 0 read.\n"
    assert len(far.server.requests) - sent == 1


def test_a_limit_stops_it_and_the_next_run_goes_on(run, far):
    from flagstone.forge.models import PullRequest

    far.server.faults.append(Fault("/pulls/2", Reply(429, {}, {"Retry-After": "1"})))
    done = run("forge", "backfill", "--json")
    told = json.loads(done.out)
    assert done.status == 3
    assert (told["read"], told["left"], told["problems"]) == (1, 2, [])
    assert "wait" in told["stopped"]
    assert "It goes on at" in told["stopped"]
    assert PullRequest.objects.count() == 1
    done = run("forge", "backfill", "--wait")
    assert (done.status, done.out) == (0, "acme/gitops: 2 read.\n")
    assert PullRequest.objects.count() == 3


def test_one_that_cannot_be_read_is_named_and_the_rest_is_read(run, far):
    far.server.faults.append(Fault("/pulls/2", Reply(404, {"message": "gone"})))
    done = run("forge", "backfill")
    assert done.status == 1
    assert done.out.startswith("acme/gitops: 3 read.\n  not read: #2: ")


def test_a_credential_that_is_refused_ends_it(run, far, monkeypatch):
    from flagstone.forge.pipeline import backfilling

    monkeypatch.setattr(backfilling, "MOST_IN_A_ROW", 1)
    far.server.faults.append(Fault("/pulls/", Reply(403, {"message": "no"}), times=9))
    done = run("forge", "backfill", "--json")
    told = json.loads(done.out)
    assert (done.status, told["read"], told["left"]) == (3, 1, 2)
    assert told["stopped"].endswith("Run it again later.")


def test_since_leaves_older_ones_out(run, far):
    later = (timezone.now() + timedelta(days=2)).date().isoformat()
    assert run("forge", "backfill", "--since", later).out == "acme/gitops: 0 read.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("acme/none",), "No repository acme/none is registered"),
     (("acme/gitops", "--host", "other"), "No repository acme/gitops on other is registered")],
)  # fmt: skip
def test_an_unknown_repository_is_a_sentence(run, far, arguments, words):
    done = run("forge", "backfill", *arguments)
    assert done.status == 2
    assert words in done.err
