"""The ordinary look at a repository elsewhere: bounded, in the order of changes, and not led astray by webhooks."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from flagstone.forge import pipeline
from flagstone.forge.hosts.base import MergeMethod, PullRequestSpec
from flagstone.forge.models import PullRequest, Repository
from flagstone.forge.people import BOT_ACCOUNT
from flagstone.forge.pipeline import syncing
from tests.forge.remote.worlds import REPO, World, world
from tests.forge.repositories import push_by_hand
from tests.http_server import Fault, Reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def far(transactional_db: None, tmp_path: Any, monkeypatch: Any) -> Any:
    """Three merged pull requests at a Gitea, none of them known here."""
    with world("gitea", tmp_path / "far", monkeypatch) as made:
        made.stand_in.clock = timezone.now().replace(microsecond=0) - timedelta(minutes=2)
        for number in (1, 2, 3):
            push_by_hand(made.bare, tmp_path, {f"{number}.txt": "x\n"}, branch=f"b{number}")
            spec = PullRequestSpec(f"Change {number}", "", f"b{number}", "main", BOT_ACCOUNT)
            pull = made.forge.create_pull_request(REPO, spec)
            made.forge.merge_pull_request(
                REPO, number, expected_head=pull.head, method=MergeMethod.MERGE, by=BOT_ACCOUNT
            )
        yield made


def recorded() -> set[int]:
    return set(PullRequest.objects.values_list("number", flat=True))


def look(far: World) -> Any:
    return pipeline.sync_repository(far.repository.pk)


def test_row_37_one_whose_webhook_was_lost_is_found_though_a_later_one_came(far: World) -> None:
    later = far.forge.get_pull_request(REPO, 3)
    pipeline.record_pull_request(far.repository, later)
    assert look(far) is None
    assert recorded() == {1, 2, 3}
    assert Repository.objects.get().pulls_seen_until == later.updated_at


def test_one_look_reads_so_many_and_the_next_goes_on(far: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(syncing, "MOST_AT_ONCE", 2)
    look(far)
    assert recorded() == {1, 2}
    look(far)
    assert recorded() == {1, 2, 3}


def test_the_first_look_leaves_long_ago_to_the_backfill(far: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(syncing, "FIRST_LOOK", timedelta(days=-1))
    look(far)
    assert recorded() == set()
    # even when a backfill has begun with the oldest
    pipeline.record_pull_request(far.repository, far.forge.get_pull_request(REPO, 1))
    look(far)
    assert recorded() == {1}


def test_what_is_known_as_open_is_followed_however_long_ago_it_changed(
    far: World, monkeypatch: Any
) -> None:
    pipeline.record_pull_request(far.repository, far.forge.get_pull_request(REPO, 2))
    PullRequest.objects.update(state="open", updated_at=timezone.now() - timedelta(days=300))
    monkeypatch.setattr(syncing, "FIRST_LOOK", timedelta(days=-1))
    look(far)
    assert recorded() == {1, 2, 3}
    assert PullRequest.objects.get(number=2).state == "merged"


def test_one_that_cannot_be_read_keeps_no_other_out_and_is_tried_again(far: World) -> None:
    far.server.faults.append(Fault("/pulls/2", Reply(500, {})))
    assert look(far) is None
    assert recorded() == {1, 3}
    row = Repository.objects.get()
    assert (row.problem, row.pulls_seen_until) == (
        "",
        far.forge.get_pull_request(REPO, 2).updated_at,
    )
    look(far)
    assert recorded() == {1, 2, 3}


def test_one_that_is_broken_for_a_day_is_given_up(far: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(syncing, "TRIED_FOR", timedelta(seconds=-60))
    far.server.faults.append(Fault("/pulls/2", Reply(500, {})))
    look(far)
    assert (
        Repository.objects.get().pulls_seen_until == far.forge.get_pull_request(REPO, 3).updated_at
    )


def test_row_21_a_limit_is_no_problem_of_the_repository_and_the_next_look_goes_on(
    far: World,
) -> None:
    far.server.faults.append(Fault("/pulls/2", Reply(429, {}, {"Retry-After": "1"})))
    error = look(far)
    assert (error.code, recorded()) == ("forge.rate_limited", {1})
    assert Repository.objects.get().problem == ""
    time.sleep(1.1)
    look(far)
    assert recorded() == {1, 2, 3}


def test_an_outage_ends_the_look_and_is_told(far: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(syncing, "MOST_IN_A_ROW", 1)
    far.server.faults.append(Fault("/pulls/", Reply(500, {}), times=9))
    assert look(far).code == "forge.server_error"
    assert Repository.objects.get().problem_code == "forge.server_error"
    assert timezone.now() - Repository.objects.get().pulls_seen_until < timedelta(minutes=5)
