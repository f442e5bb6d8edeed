"""`flagstone forge backfill`: history from before Flagstone, resumable, in the bounds of the code host."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.http_server import Fault, Reply

pytestmark = pytest.mark.django_db(transaction=True)


@contextlib.contextmanager
def history(kind, tmp_path, monkeypatch):
    """Three merged pull requests, from before Flagstone took on their repository."""
    from flagstone.forge.hosts.base import MergeMethod, PullRequestSpec
    from flagstone.forge.models import Repository
    from flagstone.forge.people import BOT_ACCOUNT
    from tests.forge.remote.worlds import REPO, world
    from tests.forge.repositories import push_by_hand

    with world(kind, tmp_path / "far", monkeypatch) as made:
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


@pytest.fixture
def far(transactional_db, tmp_path, monkeypatch):
    with history("gitea", tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.parametrize("kind", ["gitea", "github", "gitlab", "pagure"])
def test_history_of_each_kind_of_host_is_read_once(run, tmp_path, monkeypatch, kind):
    from flagstone.forge.models import PullRequest

    with history(kind, tmp_path, monkeypatch) as far:
        done = run("forge", "backfill")
        assert (done.status, done.out) == (0, "acme/gitops: 3 read.\n")
        rows = PullRequest.objects.order_by("number")
        assert [(row.number, row.state, row.size) for row in rows] == [
            (1, "merged", 1),
            (2, "merged", 2),
            (3, "merged", 3),
        ]
        assert all(row.merged_at and row.merge_commit and row.began_at for row in rows)
        sent = len(far.server.requests)
        assert run("forge", "backfill").out == "acme/gitops: 0 read.\n"
        asked = [request.method for request in far.server.requests[sent:]]
        assert set(asked) == {"GET"}
        assert len(asked) <= 2


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
    assert done.out.startswith("acme/gitops: 2 read.\n  not read: #2: ")
    again = run("forge", "backfill")
    assert (again.status, again.out) == (0, "acme/gitops: 1 read.\n")


def test_one_that_the_code_host_fails_at_keeps_no_other_from_being_read(run, far):
    from flagstone.forge.models import PullRequest

    far.server.faults.append(Fault("/pulls/1", Reply(500, {}), times=9))
    done = run("forge", "backfill", "--json")
    told = json.loads(done.out)
    assert (done.status, told["read"], told["left"], told["stopped"]) == (1, 2, 0, "")
    assert [each[:3] for each in told["problems"]] == ["#1:"]
    assert done.err == ""
    assert set(PullRequest.objects.values_list("number", flat=True)) == {2, 3}


def test_a_limit_met_while_measuring_stores_none_without_its_size(run, far):
    from flagstone.forge.models import PullRequest

    far.server.faults.append(Fault("/pulls/2/files", Reply(429, {}, {"Retry-After": "1"})))
    done = run("forge", "backfill")
    assert done.status == 3
    assert done.out.startswith("acme/gitops: 1 read, 2 left.\n  stopped: ")
    assert list(PullRequest.objects.values_list("number", "size")) == [(1, 1)]


def test_what_a_column_cannot_hold_is_cut_and_keeps_nothing_out(run, far):
    from flagstone.forge.hosts.base import PullRequest as HostPullRequest
    from flagstone.forge.models import PullRequest
    from flagstone.forge.pipeline import pull_requests

    found = far.forge.get_pull_request("acme/gitops", 1)
    values = {name: getattr(found, name) for name in HostPullRequest.__slots__}
    hostile = HostPullRequest(
        **values | {"title": "a\0b", "labels": ("l" * 300,), "url": "https://x/" + "u" * 600}
    )
    row = pull_requests.record_pull_request(far.repository, hostile).pull_request
    row = PullRequest.objects.get(pk=row.pk)
    assert (row.title, row.labels, row.url) == ("ab", ["l" * 100], "")


def test_one_whose_last_look_failed_is_read_as_well(run, far):
    from flagstone.forge.models import Repository

    Repository.objects.update(problem="It did not answer.", problem_code="forge.transport")
    assert run("forge", "backfill").out == "acme/gitops: 3 read.\n"


def test_ctrl_c_loses_nothing(run, far, monkeypatch):
    from flagstone.forge.models import PullRequest
    from flagstone.forge.pipeline import reading

    record, recorded = reading.record_pull_request, []

    def ended(*arguments, **named):
        if recorded:
            raise KeyboardInterrupt
        recorded.append(record(*arguments, **named))

    with monkeypatch.context() as patch:
        patch.setattr(reading, "record_pull_request", ended)
        done = run("forge", "backfill")
    assert (done.status, done.out) == (130, "")
    assert done.err.endswith("Ended. Nothing is lost: run it again, and it goes on.\n")
    assert PullRequest.objects.count() == 1
    assert run("forge", "backfill").out == "acme/gitops: 2 read.\n"


def test_it_leaves_a_part_of_the_requests_to_people(run, far):
    from flagstone.forge import pacing

    soon = int(timezone.now().timestamp()) + 600
    pacing.pace_of("gitea", f"host-{far.host.pk}", is_background=False).heard(
        {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "900",
            "x-ratelimit-reset": str(soon),
        }
    )
    done = run("forge", "backfill", "--json")
    assert done.status == 3
    assert "work that can wait goes on in 10 minutes" in json.loads(done.out)["stopped"]
    assert far.server.requests == []


def test_a_credential_that_is_refused_ends_it(run, far):
    far.server.faults.append(Fault("/pulls/", Reply(403, {"message": "no"}), times=9))
    done = run("forge", "backfill", "--json")
    told = json.loads(done.out)
    assert (done.status, told["read"], told["left"]) == (1, 0, 3)
    assert told["stopped"].endswith("It said: no. Give it that right at the code host.")


def test_a_credential_that_is_no_longer_good_is_said_once_for_its_code_host(run, far):
    from flagstone.forge.models import Repository

    Repository.objects.create(host=far.host, full_name="acme/ways", head_commit="1" * 40)
    far.server.faults.append(Fault(" /", Reply(401, {"message": "invalid token"}), times=9))
    done = run("forge", "backfill")
    assert done.status == 1
    assert done.out == (
        "acme/gitops: 0 read.\n  stopped: the-gitea does not accept Flagstone's credential when asked to "
        "list what changed in acme/gitops. It said: invalid token. Store a new one in the admin, "
        "under Host secrets.\n"
        "acme/ways: 0 read.\n  stopped: as at acme/gitops, on the same code host the-gitea.\n"
    )
    assert len(far.server.requests) == 1


def test_many_in_a_row_are_the_code_hosts_fault(run, far, monkeypatch):
    from flagstone.forge.pipeline import backfilling

    monkeypatch.setattr(backfilling, "MOST_IN_A_ROW", 1)
    far.server.faults.append(Fault("/pulls/", Reply(500, {}), times=9))
    done = run("forge", "backfill", "--json")
    told = json.loads(done.out)
    assert (done.status, told["read"], told["left"], len(told["problems"])) == (3, 0, 2, 1)
    assert "answered 500" in told["stopped"]


def test_since_leaves_older_ones_out(run, far):
    later = (timezone.now() + timedelta(days=2)).date().isoformat()
    assert run("forge", "backfill", "--since", later).out == "acme/gitops: 0 read.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("acme/none",), "No repository acme/none is registered"),
     (("acme/gitops", "--host", "other"), "There is no code host 'other' in Flagstone. Registered: the-gitea.")],
)  # fmt: skip
def test_an_unknown_repository_is_a_sentence(run, far, arguments, words):
    done = run("forge", "backfill", *arguments)
    assert done.status == 2
    assert words in done.err
