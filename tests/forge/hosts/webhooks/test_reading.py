"""What each kind's events ask to read again, beyond the real payloads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flagstone.forge.hosts.events import UnreadableEvent, WebhookEvent
from tests.forge.hosts.webhooks import deliveries

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ZEROS = "0" * 40
OURS = {"id": 5, "full_name": "acme/payments"}


def github(event: str, **values: Any) -> WebhookEvent:
    return deliveries.github(json.dumps({"repository": OURS, **values}).encode(), event).read()


def gitea(event: str, **values: Any) -> WebhookEvent:
    return deliveries.gitea(json.dumps({"repository": OURS, **values}).encode(), event).read()


def gitlab(kind: str, **values: Any) -> WebhookEvent:
    project = {"id": 5, "path_with_namespace": "acme/pay/ments"}
    body = {"object_kind": kind, "project": project, **values}
    return deliveries.gitlab(json.dumps(body).encode()).read()


def pagure(topic: str, **message: Any) -> WebhookEvent:
    body = json.dumps(deliveries.pagure_message(topic, **message)).encode()
    return deliveries.pagure(body).read()


def test_a_comment_on_a_pull_request_of_github_comes_as_one_on_an_issue() -> None:
    issue = {
        "number": 7,
        "pull_request": {"url": "https://api.github.com/repos/acme/payments/pulls/7"},
    }
    assert github("issue_comment", action="created", issue=issue).pull_requests == (7,)
    assert not github("issue_comment", action="created", issue={"number": 7}).is_of_interest


def test_a_check_of_a_forks_commit_names_only_our_pull_requests() -> None:
    def pull(number: int, repository: int) -> dict[str, Any]:
        return {"number": number, "base": {"repo": {"id": repository}}}

    run = {"head_sha": COMMIT, "pull_requests": [pull(9, 5), pull(7, 5), pull(1, 6)]}
    event = github("check_run", action="completed", check_run=run)
    assert (event.pull_requests, event.commits) == ((7, 9), (COMMIT,))


def test_a_push_names_the_branch_and_its_new_commit() -> None:
    event = github("push", ref="refs/heads/feature/größer", before=ZEROS, after=COMMIT)
    assert (event.branches, event.commits) == (("feature/größer",), (COMMIT,))
    gone = github("push", ref="refs/heads/main", after=ZEROS, deleted=True)
    assert (gone.branches, gone.commits) == (("main",), ())
    assert not github("push", ref="refs/tags/v1", after=COMMIT).is_of_interest


@pytest.mark.parametrize("event", ["ping", "star", "deployment", "deployment_status", "release"])
def test_other_events_are_read_and_of_no_interest(event: str) -> None:
    read = github(event, deployment={"sha": COMMIT}, pull_request=None)
    assert (read.event, read.repository, read.is_of_interest) == (event, "acme/payments", False)


def test_an_event_of_no_repository_is_of_no_interest() -> None:
    assert not github("repository", repository=None).is_of_interest
    assert not github("push", repository=[], ref="refs/heads/main", after=COMMIT).is_of_interest


@pytest.mark.parametrize(
    "event", ["pull_request_approved", "pull_request_rejected", "pull_request"]
)
def test_reviews_at_gitea_have_events_of_their_own(event: str) -> None:
    read = gitea(event, action="reviewed", number=7, pull_request={"id": 473, "number": 7})
    assert read.pull_requests == (7,)


def test_a_comment_on_a_pull_request_of_gitea_is_known_in_each_of_its_forms() -> None:
    issue = {"number": 7, "pull_request": None}
    assert gitea("issue_comment", issue=issue, is_pull=True).pull_requests == (7,)
    assert gitea("pull_request_comment", issue=issue).pull_requests == (7,)
    assert gitea("issue_comment", issue=issue, is_pull=False).pull_requests == ()


def test_statuses_and_runs_of_gitea_and_forgejo_name_their_commit() -> None:
    assert gitea("status", sha=COMMIT, state="success").commits == (COMMIT,)
    run = {"repository": OURS, "commit_sha": COMMIT}
    event = gitea("action_run_failure", repository=None, run=run)
    assert (event.repository, event.commits) == ("acme/payments", (COMMIT,))


def test_a_version_of_gitea_that_leaves_the_events_name_empty_has_it_in_another_header() -> None:
    body = json.dumps({"repository": OURS, "sha": COMMIT}).encode()
    delivery = deliveries.gitea(body, "").but(x_gitea_event_type="status")
    assert delivery.read().event == "status"


def test_branches_of_gitea_come_and_go() -> None:
    assert gitea("create", ref="docs", ref_type="branch").branches == ("docs",)
    assert gitea("delete", ref="refs/heads/docs", ref_type="branch").branches == ("docs",)
    assert gitea("delete", ref="v1", ref_type="tag").branches == ()


def test_a_pipeline_names_its_commit_and_the_merge_request_it_is_for() -> None:
    attributes = {"sha": COMMIT, "status": "success"}
    ours = {"iid": 7, "target_project_id": 5}
    event = gitlab("pipeline", object_attributes=attributes, merge_request=ours)
    assert (event.pull_requests, event.commits) == ((7,), (COMMIT,))
    other = {"iid": 7, "target_project_id": 6}
    assert gitlab("pipeline", object_attributes=attributes, merge_request=other).pull_requests == ()


def test_a_note_is_of_interest_on_a_merge_request_alone() -> None:
    on_merge_request = {"noteable_type": "MergeRequest"}
    one = {"iid": 7}
    assert gitlab("note", object_attributes=on_merge_request, merge_request=one).pull_requests == (
        7,
    )
    assert not gitlab(
        "note", object_attributes={"noteable_type": "Issue"}, issue=one
    ).is_of_interest


def test_a_project_of_gitlab_that_moved_is_told_with_its_former_path() -> None:
    body = {
        "event_name": "project_transfer",
        "path_with_namespace": "scores/payments",
        "old_path_with_namespace": "acme/payments",
    }
    event = deliveries.gitlab(json.dumps(body).encode()).read()
    assert event.repository == "scores/payments"
    assert event.former_name == "acme/payments"
    assert event.is_repository_changed


@pytest.mark.parametrize(
    "address",
    [
        "git@gitlab.example.com:acme/pay/ments.git",
        "ssh://git@gitlab.example.com:2222/acme/pay/ments.git",
        "git@gitlab.example.com:acme/pay/ments",
    ],
)
def test_a_job_has_its_path_in_an_address(address: str) -> None:
    event = gitlab("build", project=None, repository={"git_ssh_url": address}, project_name="A / B")
    assert event.repository == "acme/pay/ments"


def test_a_delivery_of_gitlab_is_named_by_the_best_of_its_ids() -> None:
    body = json.dumps({"object_kind": "push"}).encode()
    both = deliveries.gitlab(body)
    assert both.read().delivery_id == "f5e5f430-f57b-4e6e-9fac-d9128cd7232f"
    assert deliveries.signed_gitlab(body).read().delivery_id == "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"


def test_two_events_of_one_chain_are_two_deliveries() -> None:
    """What a webhook sets off carries the same event UUID as the event before it."""
    first, second = (
        deliveries.gitlab(json.dumps({"object_kind": kind}).encode()).but(idempotency_key=None)
        for kind in ("push", "pipeline")
    )
    assert first.read().delivery_id.startswith("13792a34-cac6-4fda-95a8-c58e00a3954e:")
    assert first.read().delivery_id == first.read().delivery_id
    assert first.read().delivery_id != second.read().delivery_id


@pytest.mark.parametrize(
    "topic",
    [
        "pull-request.new",
        "pull-request.comment.added",
        "pull-request.closed",
        "pull-request.flag.updated",
        "pull-request.tag.added",
    ],
)
def test_pull_requests_of_pagure_are_named_in_every_topic_of_theirs(topic: str) -> None:
    event = pagure(topic, pullrequest={"id": 7, "project": {"fullname": "acme/payments"}})
    assert (event.event, event.repository, event.pull_requests) == (topic, "acme/payments", (7,))
    assert event.delivery_id == "2026-1b9e8a4c-9d3a-4f0f-8d28-b2c8a9d4c5aa"


def test_pushes_and_flags_of_pagure_name_branch_and_commit() -> None:
    pushed = pagure("git.receive", branch="main", start_commit=ZEROS, end_commit=COMMIT)
    assert (pushed.branches, pushed.commits) == (("main",), (COMMIT,))
    assert pagure("git.branch.creation", branch="refs/heads/docs", rev=COMMIT).branches == ("docs",)
    assert pagure("commit.flag.added", flag={"commit_hash": COMMIT}).commits == (COMMIT,)
    assert pagure("project.deleted", project={}).is_repository_changed
    assert not pagure("git.tag.creation", tag="v1", rev=COMMIT).is_of_interest
    assert not pagure("issue.new", issue={"id": 7}).is_of_interest


def test_the_topic_in_pagures_header_is_not_signed_and_not_believed() -> None:
    body = json.dumps(deliveries.pagure_message("pull-request.new", pullrequest={"id": 7})).encode()
    event = deliveries.pagure(body).but(x_pagure_topic="project.deleted").read()
    assert event.event == "pull-request.new"


@pytest.mark.parametrize("value", [None, "", "  ", "a" * 201, "a\nb", "ä"])
def test_a_delivery_without_a_usable_id_is_unreadable(value: str | None) -> None:
    delivery = deliveries.github(json.dumps({"repository": OURS}).encode(), "ping")
    with pytest.raises(UnreadableEvent) as caught:
        delivery.but(x_github_delivery=value).read()
    assert caught.value.code == "webhook.unreadable"


def test_a_delivery_that_does_not_name_its_event_is_unreadable() -> None:
    body = b'{"msg_id": "2026-1"}'
    for delivery in (
        deliveries.github(body, ""),
        deliveries.gitea(body, ""),
        deliveries.gitlab(body),
        deliveries.pagure(body),
    ):
        with pytest.raises(UnreadableEvent):
            delivery.read()


@pytest.mark.parametrize("name", ["a\x00b/c", "\ud800/x", "x" * 256, 7, None, ["a"], "a\nb/c"])
def test_a_repository_that_no_database_could_hold_is_none(name: Any) -> None:
    assert github("push", repository={"full_name": name}).repository == ""


@pytest.mark.parametrize("number", [0, -1, 2**31, True, 1.5, "7", None, [7], {"number": 7}])
def test_a_number_that_is_none_names_no_pull_request(number: Any) -> None:
    assert github("pull_request", pull_request={"number": number}).pull_requests == ()


@pytest.mark.parametrize(
    "sha", [ZEROS, COMMIT[:39], COMMIT.upper(), COMMIT + "0", None, 7, "é" * 40]
)
def test_a_commit_that_is_none_is_not_read_again(sha: Any) -> None:
    assert github("status", sha=sha).commits == ()


def test_a_commit_of_a_sha256_repository_is_one() -> None:
    assert github("status", sha="ab" * 32).commits == ("ab" * 32,)
