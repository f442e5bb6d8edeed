"""What real servers said, and what no server should say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from flagstone.forge.errors import ServerError
from flagstone.forge.hosts.base import (
    Account,
    CommitStatus,
    PullRequestState,
    RepositoryEntry,
    StatusState,
    Verdict,
    WebhookEntry,
)
from flagstone.forge.hosts.gitea.codec import (
    account_of,
    comment_of,
    file_size_of,
    repository_entry_of,
    repository_info_of,
    review_of,
    status_of,
    touch_of,
    webhook_of,
    written_at,
)
from flagstone.forge.hosts.gitea.description import is_between, pull_request_of
from flagstone.forge.hosts.gitea.timeline import event_of
from flagstone.forge.hosts.rest.fields import Fields
from tests.corpora import corpus

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ADA = {"id": 7, "login": "ada", "full_name": "Ada L", "email": "ada@example.com"}


def fields(values: Any) -> Fields:
    return Fields("forge.example", "thing", values)


def real(name: str) -> Any:
    folder = corpus("webhooks") / "drone__go-scm" / "gitea" / "testdata"
    return json.loads((folder / name).read_text("utf-8"))


def pull(**more: Any) -> Fields:
    branch = {"label": "main", "ref": "main", "sha": "b" * 40, "repo_id": 1, "repo": None}
    told = {
        "number": 3,
        "title": "T",
        "state": "open",
        "user": ADA,
        "base": branch,
        "head": {**branch, "label": "topic", "ref": "topic", "sha": "a" * 40},
        "created_at": "2026-03-02T12:00:00Z",
        "updated_at": "2026-03-02T12:00:00Z",
    }
    return fields({**told, **more})


def test_a_real_pull_request_is_read():
    found = pull_request_of(fields(real("pr.json")))
    assert (found.number, found.title, found.body) == (1, "Add License File", "Using a BSD License")
    assert (found.source, found.target) == ("feature", "master")
    assert found.author == Account("jcitizen", "", "jcitizen@example.com")
    assert (found.state, found.is_draft, found.labels) == (PullRequestState.OPEN, False, ())
    assert found.head == "4f5e7d8f15cf79387cfd8a0d30c58855ab61e138"
    assert found.base == "39af58f1eff02aa308e16913e887c8d50362b474"
    assert found.opened_at == found.ready_at == datetime(2018, 7, 6, 0, 37, 47, tzinfo=UTC)
    assert (found.merge, found.merged_at, found.closed_at, found.closed_by) == (
        "",
        None,
        None,
        None,
    )
    assert found.url == "https://try.gitea.io/jcitizen/my-repo/pulls/1"
    assert found.has_conflict is False
    assert [touch_of(fields(each)).number for each in real("prs.json")] == [1]


def test_real_repositories_are_read():
    (entry,) = [repository_entry_of(fields(each)) for each in real("repos.json")]
    assert entry == RepositoryEntry("go-gitea/gitea", "", "master")
    info = repository_info_of(fields(real("repo.json")), default_branch="master", head="a" * 40)
    assert (info.full_name, info.url) == ("go-gitea/gitea", "https://try.gitea.io/go-gitea/gitea")
    assert (info.may_write, info.is_archived) == (True, False)


def test_a_real_webhook_is_read():
    (hook,) = [webhook_of(fields(each)) for each in real("hooks.json")]
    assert hook == WebhookEntry("http://gogs.io", True, frozenset({"create", "push"}))


def test_a_real_status_commit_and_person_are_read():
    assert status_of(fields(real("status.json"))) == CommitStatus(
        "continuous-integration/drone", StatusState.SUCCESS, "",
        datetime(2018, 7, 6, 2, 3, 38, tzinfo=UTC), "https://example.com",
    )  # fmt: skip
    (commit,) = real("commits.json")
    assert written_at(fields(commit)) == datetime(2018, 9, 9, 3, 36, 8, tzinfo=UTC)
    assert account_of(fields(real("user.json"))).name == "Jane Citizen"


def test_a_moment_that_never_came_is_none():
    never = "0001-01-01T00:00:00Z"
    found = pull_request_of(pull(state="closed", closed_at=never, merged_at=never))
    assert (found.state, found.closed_at, found.merged_at) == (PullRequestState.CLOSED, None, None)
    assert written_at(fields({"commit": {"author": {"date": never}}})) is None
    assert written_at(fields({"commit": None})) is None


def test_nulls_are_what_is_not_there():
    nothing = ("body", "labels", "merged", "merged_at", "merge_commit_sha", "merged_by", "closed_at",
               "draft", "mergeable", "merge_base", "html_url", "user")  # fmt: skip
    found = pull_request_of(pull(**dict.fromkeys(nothing)))
    assert (found.body, found.labels, found.merge, found.author) == ("", (), "", Account("Ghost"))
    assert found.has_conflict is None


def test_a_merged_one_is_told_by_its_flag():
    found = pull_request_of(
        pull(state="closed", merged=True, merge_commit_sha="c" * 40, merge_base="d" * 40, merged_by=ADA,
             merged_at="2026-03-02T12:00:00Z", closed_at="2026-03-02T12:00:00Z")
    )  # fmt: skip
    assert (found.state, found.merge, found.base) == (PullRequestState.MERGED, "c" * 40, "d" * 40)
    assert (found.merged_at, found.closed_at, found.closed_by) == (
        NOON, NOON, Account("ada", "Ada L", "ada@example.com"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told", "is_draft", "title"),
    [
        ({"title": "WIP: T", "draft": True}, True, "T"),
        ({"title": "[WIP] T"}, True, "T"),
        ({"title": "Draft: T"}, True, "T"),
        ({"title": "Draft: T", "draft": False}, False, "Draft: T"),
        ({"title": "soon: T", "draft": True}, True, "soon: T"),
    ],
)
def test_the_host_says_what_a_draft_is_and_an_old_one_leaves_it_to_the_title(told, is_draft, title):
    found = pull_request_of(pull(**told))
    assert (found.is_draft, found.title) == (is_draft, title)
    assert found.ready_at == (None if is_draft else NOON)


def test_a_deleted_branch_keeps_its_name():
    head = {"label": "topic", "ref": "refs/pull/3/head", "sha": "a" * 40, "repo_id": 1}
    gone = pull(head=head)
    assert pull_request_of(gone).source == "topic"
    assert is_between(gone, source="topic", target="main")
    assert not is_between(pull(head={**head, "repo_id": 9}), source="topic", target="main"), (
        "a fork"
    )
    assert not is_between(pull(head={**head, "repo_id": -1}), source="topic", target="main")


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ({"state": "APPROVED"}, Verdict.APPROVED),
        ({"state": "REQUEST_CHANGES"}, Verdict.CHANGES_REQUESTED),
        ({"state": "COMMENT"}, Verdict.COMMENTED),
        ({"state": "APPROVED", "dismissed": True}, Verdict.COMMENTED),
    ],
)
def test_a_review_is_read_and_a_dismissed_one_has_no_verdict(told, verdict):
    found = review_of(fields({"user": ADA, "submitted_at": "2026-03-02T12:00:00Z", **told}))
    assert found
    assert (found.verdict, found.by.login, found.at) == (verdict, "ada", NOON)


@pytest.mark.parametrize("state", ["PENDING", "REQUEST_REVIEW", "", None, "NEW"])
def test_what_nobody_sent_off_is_no_review(state):
    told = {
        "state": state,
        "user": None,
        "team": {"name": "ops"},
        "submitted_at": "2026-03-02T12:00:00Z",
    }
    assert review_of(fields(told)) is None


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("pending", StatusState.PENDING), ("success", StatusState.SUCCESS), ("error", StatusState.ERROR),
        ("failure", StatusState.FAILURE), ("warning", StatusState.SUCCESS), ("skipped", StatusState.SUCCESS),
        ("new", StatusState.PENDING),
    ],
)  # fmt: skip
def test_each_word_of_a_check_is_known(told, state):
    word = {"context": "ci", "status": told, "created_at": "2026-03-02T12:00:00Z"}
    assert status_of(fields(word)).state is state


def test_robots_are_known():
    assert account_of(fields({"id": -2, "login": "gitea-actions"})).is_bot
    assert account_of(fields({"id": 9, "login": "renovate[bot]"})).is_bot
    assert not account_of(fields(ADA)).is_bot


def test_a_comment_is_edited_when_it_was_written_later_than_made():
    told = {"id": 5, "user": ADA, "body": "b", "created_at": "2026-03-02T12:00:00Z"}
    assert comment_of(fields({**told, "updated_at": "2026-03-02T12:00:00Z"})).edited_at is None
    edited = comment_of(fields({**told, "updated_at": "2026-03-02T12:00:01Z"}))
    assert edited.edited_at == datetime(2026, 3, 2, 12, 0, 1, tzinfo=UTC)


READERS = (
    account_of, comment_of, event_of, file_size_of, pull_request_of, repository_entry_of, status_of, touch_of,
)  # fmt: skip


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@pytest.mark.parametrize(
    "values", [None, [], "<html>", 3, {}, {"user": 3, "title": [], "number": "x"}]
)
def test_row_41_what_is_no_such_thing_is_a_server_error(reader, values):
    with pytest.raises(ServerError, match=r"forge\.example"):
        reader(fields(values))


@pytest.mark.parametrize(
    "more",
    [
        {"number": None}, {"title": 3}, {"head": None}, {"base": "main"}, {"head": {"label": []}}, {"labels": "x"},
        {"labels": [3]}, {"labels": [{"name": None}]}, {"created_at": "x"}, {"merged": "yes"}, {"state": None},
        {"user": "ada"}, {"user": {}}, {"merged_by": [], "state": "closed"}, {"closed_at": {}, "state": "closed"},
        {"draft": "no"},
    ],
)  # fmt: skip
def test_row_41_a_pull_request_with_something_wrong_is_a_server_error(more):
    with pytest.raises(ServerError, match=r"forge\.example"):
        pull_request_of(pull(**more))
