"""What GitLab says is read as it really says it, and leniently: keys and types from real answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from flagstone.forge.errors import OutcomeUnknown, ServerError
from flagstone.forge.hosts.base import Account, PullRequestState, StatusState
from flagstone.forge.hosts.gitlab import codec
from flagstone.forge.hosts.rest.fields import Fields
from tests.corpora import corpus

HEAD, MERGE, SQUASH = "a" * 40, "b" * 40, "c" * 40
NOON = "2026-03-02T12:00:00.000Z"
AT_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PLAIN = {
    "iid": 3, "title": "T", "state": "opened", "source_branch": "b", "target_branch": "main",
    "created_at": NOON, "updated_at": NOON,
}  # fmt: skip


def fields(values: Any, **more: Any) -> Fields:
    return Fields("forge.example", "merge request", values, **more)


def read(**more: Any) -> Any:
    return codec.read_merge_request(fields({**PLAIN, **more}))


def real(name: str) -> Any:
    folder = corpus("webhooks") / "drone__go-scm" / "gitlab" / "testdata"
    return json.loads((folder / f"{name}.json").read_text())


def test_a_real_merge_request_is_read() -> None:
    pull = codec.read_merge_request(fields(real("merge")))
    assert (pull.number, pull.title, pull.state) == (1, "JS fix", PullRequestState.CLOSED)
    assert (pull.source, pull.target) == ("fix", "master")
    assert pull.author == Account("dblessing", "Drew Blessing")
    assert pull.head == "12d65c8dd2b2676fa3ac47d955accc085a37a9c1"
    assert pull.labels == ("bug", "documentation")
    assert pull.opened_at == datetime(2015, 12, 18, 18, 29, 53, 563000, UTC)
    assert pull.url == "https://gitlab.com/gitlab-org/testme/merge_requests/1"
    assert not codec.is_from_a_fork(fields(real("merge")))
    [touch] = [codec.read_touch(fields(each)) for each in real("merges")]
    assert (touch.number, touch.updated_at) == (1, pull.updated_at)


def test_a_real_merge_request_that_was_reopened_is_open() -> None:
    assert codec.read_merge_request(fields(real("merge_diff"))).state is PullRequestState.OPEN


def test_a_real_project_is_read() -> None:
    info = codec.read_repository(fields(real("repo")), default_branch="master", head=HEAD)
    assert (info.full_name, info.description) == ("diaspora/diaspora", "")
    assert (info.url, info.is_archived) == ("https://gitlab.com/diaspora/diaspora", False)
    assert info.may_write is None
    entry = codec.read_entry(fields(real("repo")))
    assert (entry.default_branch, entry.is_fork) == ("master", False)
    assert not codec.is_leaving(fields(real("repo")))


def test_real_statuses_hooks_and_people_are_read() -> None:
    status = codec.read_status(fields(real("status")))
    assert (status.context, status.state, status.description) == (
        "default", StatusState.PENDING, "the dude abides",
    )  # fmt: skip
    assert status.url == "https://gitlab.example.com/thedude/gitlab-ce/builds/91"
    hook = codec.read_webhook(fields(real("hook")))
    assert (hook.url, hook.is_active, hook.last_status) == ("http://example.com/hook", True, None)
    assert hook.events == {
        "push", "issues", "merge_requests", "tag_push", "note", "job", "pipeline", "wiki_page",
    }  # fmt: skip
    assert codec.read_account(fields(real("user"))) == Account("john_smith", "John Smith")
    assert fields(real("branch")).inner("commit").text("id").startswith("7b5c3cc8")


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("merge", {"iid", "title", "description", "state", "created_at", "updated_at", "source_branch",
                   "target_branch", "author", "labels", "sha", "merge_commit_sha", "source_project_id",
                   "target_project_id", "merge_status", "work_in_progress", "web_url", "changes_count"}),
        ("repo", {"path_with_namespace", "description", "default_branch", "web_url", "archived",
                  "permissions", "created_at", "id"}),
        ("status", {"id", "name", "status", "description", "target_url", "created_at", "finished_at",
                    "started_at"}),
        ("branch", {"name", "commit"}),
        ("user", {"id", "username", "name"}),
        ("hook", {"url", "push_events"}),
    ],
)  # fmt: skip
def test_the_stand_in_writes_what_is_read_as_the_real_one_does(
    stand_in: Any, forge: Any, topic: str, name: str, keys: set[str]
) -> None:
    client = stand_in.person("ada")
    project = client.projects.get("acme/payments/checkout")
    opened = {
        "source_branch": "flagstone/raise-limit-0198a7c2",
        "target_branch": "main",
        "title": "T",
    }
    commit = project.commits.get(topic)
    made = {
        "merge": lambda: project.mergerequests.create(opened),
        "repo": lambda: project,
        "status": lambda: commit.statuses.create({"state": "pending", "name": "lint"}),
        "branch": lambda: project.branches.get("main"),
        "user": lambda: client.users.list(username="ada", get_all=True)[0],
        "hook": lambda: project.hooks.create({"url": "https://a.example"}),
    }
    ours, theirs = made[name]().attributes, real(name)
    assert keys <= theirs.keys()
    assert keys <= ours.keys()
    same = {key for key in keys if ours[key] is not None and theirs[key] is not None}
    assert {key: type(ours[key]) for key in same} == {key: type(theirs[key]) for key in same}


def test_of_a_merge_request_little_has_to_be_there() -> None:
    pull = read(author=None, labels=None, description=None, sha=None, diff_refs=None, web_url=None)
    assert (pull.body, pull.labels, pull.head, pull.base, pull.url) == ("", (), "", "", "")
    assert (pull.author, pull.has_conflict) == (Account("ghost", is_bot=True), None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"draft": True}, ("T", True)),
        ({"work_in_progress": True}, ("T", True)),
        ({"title": "Draft: T", "draft": True}, ("T", True)),
        ({"title": "WIP: T", "draft": False}, ("T", True)),
        ({"draft": False}, ("T", False)),
    ],
)
def test_a_draft_is_told_by_fields_or_by_its_title(values: Any, expected: Any) -> None:
    pull = read(**values)
    assert (pull.title, pull.is_draft) == expected


@pytest.mark.parametrize(
    ("values", "merge"),
    [
        ({"merge_commit_sha": MERGE, "squash_commit_sha": SQUASH}, MERGE),
        ({"merge_commit_sha": None, "squash_commit_sha": SQUASH}, SQUASH),
        ({"merge_commit_sha": None, "squash_commit_sha": None}, HEAD),
    ],
)
def test_the_merge_is_the_commit_that_stands_on_the_target_branch(values: Any, merge: str) -> None:
    ended = {"merged_at": NOON, "merge_user": None, "merged_by": {"username": "bob"}}
    pull = read(state="merged", sha=HEAD, **ended, **values)
    assert (pull.merge, pull.merged_at, pull.closed_at) == (merge, AT_NOON, AT_NOON)
    assert pull.closed_by == Account("bob")


def test_one_that_is_being_merged_is_open_still() -> None:
    pull = read(state="locked", merge_commit_sha=MERGE, closed_by={"username": "bob"})
    assert (pull.state, pull.merge, pull.closed_by) == (PullRequestState.OPEN, "", None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"has_conflicts": True, "merge_status": "cannot_be_merged"}, True),
        ({"has_conflicts": False, "merge_status": "can_be_merged"}, False),
        ({"has_conflicts": False, "merge_status": "checking"}, None),
        ({"has_conflicts": None}, None),
    ],
)
def test_a_conflict_is_known_once_gitlab_has_looked(values: Any, expected: bool | None) -> None:
    assert read(**values).has_conflict is expected


@pytest.mark.parametrize(
    ("login", "is_bot"),
    [
        ("project_12_bot", True), ("group_7_bot_9f2c1", True), ("service_account_group_5_ab", True),
        ("renovate-bot", True), ("ghost", True), ("abbot", False), ("ada", False), ("bot-anist", False),
    ],
)  # fmt: skip
def test_bots_are_told_by_their_names(login: str, is_bot: bool) -> None:
    assert codec.read_account(fields({"username": login})).is_bot is is_bot


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("created", "pending"), ("pending", "pending"), ("running", "pending"), ("manual", "pending"),
        ("success", "success"), ("skipped", "success"), ("failed", "failure"), ("canceled", "error"),
        ("of a newer version", "pending"),
    ],
)  # fmt: skip
def test_a_status_of_a_pipeline_is_one_of_ours(word: str, state: str) -> None:
    status = codec.read_status(fields({"name": "c", "status": word, "created_at": NOON}))
    assert (status.state, status.at) == (StatusState(state), AT_NOON)


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ({"project_access": {"access_level": 30}, "group_access": None}, True),
        ({"project_access": None, "group_access": {"access_level": 40}}, True),
        ({"project_access": {"access_level": 20}, "group_access": {"access_level": 10}}, False),
        ({"project_access": None, "group_access": None}, None),
        (None, None),
    ],
)
def test_who_has_the_role_of_a_developer_may_write(permissions: Any, expected: bool | None) -> None:
    told = fields({"path_with_namespace": "a/b", "permissions": permissions})
    assert codec.read_repository(told, default_branch="main", head=HEAD).may_write is expected


def test_a_webhook_that_fails_too_often_is_not_active() -> None:
    told = {"url": "https://a.example", "alert_status": "disabled", "push_events": None}
    hook = codec.read_webhook(fields(told))
    assert (hook.is_active, hook.events) == (False, frozenset())


@pytest.mark.parametrize("key", PLAIN)
@pytest.mark.parametrize("value", [None, [], {"a": 1}])
def test_row_41_what_has_to_be_there_and_is_not_is_an_error_with_words(
    key: str, value: Any
) -> None:
    broken = {**PLAIN, key: value}
    with pytest.raises(ServerError, match=rf"without a usable “{key}”"):
        codec.read_merge_request(fields(broken))
    with pytest.raises(OutcomeUnknown):
        codec.read_merge_request(fields(broken, error=OutcomeUnknown))


def test_row_41_a_state_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ServerError, match="in a state of its own"):
        read(state="melted")
