"""Merging what was looked at, and what the refusals mean."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import (
    AuthenticationFailed,
    HeadMoved,
    MergeConflict,
    NotYetConsistent,
    OutcomeUnknown,
    PermissionDenied,
    PolicyRejected,
    PullRequestNotFound,
    PullRequestNotOpen,
    RepositoryArchived,
)
from flagstone.forge.hosts.base import MergeMethod, MergeResult
from tests.forge.hosts.gitlab.conftest import ADA, BRANCH, PLACE, REPO, seen_by, spec
from tests.http_server import Fault, Reply

PUT = f"PUT /api/v4{PLACE}/merge_requests/1/merge"


@pytest.fixture(autouse=True)
def opened(forge, topic):
    return forge.create_pull_request(REPO, spec())


def merge(forge, head, method=MergeMethod.MERGE):
    return forge.merge_pull_request(REPO, 1, expected_head=head, method=method, by=ADA)


def files(stand_in, commit):
    return stand_in.bare(REPO).git("ls-tree", "--name-only", commit).split()


@pytest.mark.parametrize("method", MergeMethod)
def test_a_merge_is_done_with_the_head_that_was_looked_at_and_may_be_asked_for_again(
    stand_in, forge, topic, method
):
    before = stand_in.bare(REPO).heads()["main"]
    result = merge(forge, topic, method)
    [request] = stand_in.server.sent("PUT ")
    assert request.json == {"sha": topic, "squash": method is MergeMethod.SQUASH}
    main = stand_in.bare(REPO).heads()["main"]
    assert result == MergeResult(main, topic, before)
    assert files(stand_in, main) == ["README.md", "a.txt"]
    parents = stand_in.bare(REPO).commit(main).parents
    assert parents == ((before,) if method is MergeMethod.SQUASH else (before, topic))
    assert BRANCH not in stand_in.bare(REPO).heads()
    assert merge(forge, topic, method) == result
    assert len(stand_in.server.sent("PUT ")) == 1


def test_new_commits_are_not_merged_unseen(stand_in, forge, topic):
    newer = stand_in.bare(REPO).write(BRANCH, {"b.txt": "x\n"})
    with pytest.raises(HeadMoved, match="has new commits") as caught:
        merge(forge, topic)
    assert caught.value.params["head"] == newer
    assert stand_in.server.sent("PUT ") == []


def test_commits_that_come_in_between_are_not_merged_either(stand_in, forge, topic):
    stand_in.server.faults.append(Fault(PUT, Reply(409, {"message": "SHA does not match"})))
    answer = stand_in.server.answer

    def pushing(request):
        if stand_in.server.sent(PUT):
            stand_in.bare(REPO).write(BRANCH, {"b.txt": "x\n"})
        return answer(request)

    stand_in.server.answer = pushing
    with pytest.raises(HeadMoved):
        merge(forge, topic)


def test_a_head_that_gitlab_has_not_taken_in_yet_is_waited_for(stand_in, forge, topic):
    stand_in.server.faults.append(Fault(PUT, Reply(409, {"message": "SHA does not match"})))
    with pytest.raises(NotYetConsistent, match="does not show the last commits"):
        merge(forge, topic)
    assert merge(forge, topic).head == topic


def test_row_14_a_conflict_is_told_as_one(stand_in, forge, topic):
    stand_in.bare(REPO).write("main", {"a.txt": "three\n"})
    before = stand_in.bare(REPO).heads()["main"]
    assert forge.get_pull_request(REPO, 1).has_conflict is True
    with pytest.raises(MergeConflict, match="both sides changed the same lines"):
        merge(forge, topic)
    assert stand_in.bare(REPO).heads()["main"] == before


def test_row_14_a_conflict_of_an_older_gitlab_is_told_as_one(stand_in, forge, topic):
    found = stand_in.known(REPO).merge_requests[1]
    shown = stand_in.shown(stand_in.known(REPO), found)
    old = {key: value for key, value in shown.items() if key != "detailed_merge_status"}
    old |= {"merge_status": "cannot_be_merged", "has_conflicts": True}
    stand_in.server.faults += [
        Fault(PUT, Reply(406, {"message": "Branch cannot be merged"})),
        Fault("GET /", Reply(200, old), times=9),
    ]
    with pytest.raises(MergeConflict):
        merge(forge, topic)


@pytest.mark.parametrize("status", ["checking", "unchecked", "preparing", "approvals_syncing"])
@pytest.mark.parametrize("answered", [405, 422])
def test_a_gitlab_that_is_still_looking_is_waited_for(stand_in, forge, topic, status, answered):
    found = stand_in.known(REPO).merge_requests[1]
    found.status = status
    stand_in.server.faults.append(
        Fault(PUT, Reply(answered, {"message": "405 Method Not Allowed"}))
    )
    with pytest.raises(NotYetConsistent, match=rf"still at work on it \({status}\)") as caught:
        merge(forge, topic)
    assert caught.value.retryable
    found.status = ""
    assert merge(forge, topic).head == topic


def test_one_that_is_being_merged_is_waited_for(stand_in, forge, topic):
    stand_in.known(REPO).merge_requests[1].state = "locked"
    with pytest.raises(NotYetConsistent, match="locked"):
        merge(forge, topic)


@pytest.mark.parametrize("status", ["ci_must_pass", "not_approved", "discussions_not_resolved"])
def test_a_rule_that_is_not_met_is_told_in_the_hosts_words(stand_in, forge, topic, status):
    stand_in.known(REPO).merge_requests[1].status = status
    words = f"{status.replace('_', ' ')}, 405 Method Not Allowed"
    with pytest.raises(PolicyRejected, match=words) as caught:
        merge(forge, topic)
    assert not caught.value.retryable


def test_a_draft_is_not_merged(stand_in, forge, topic):
    forge.update_pull_request(REPO, 1, is_draft=True)
    with pytest.raises(PolicyRejected, match="draft status"):
        merge(forge, topic)


def test_who_may_not_merge_is_not_told_that_the_credential_is_wrong(stand_in, forge, topic):
    stand_in.known(REPO).access_level = 20
    with pytest.raises(PermissionDenied, match="may not be merged by Flagstone's credential"):
        merge(forge, topic)
    stand_in.tokens.clear()
    with pytest.raises(AuthenticationFailed):
        merge(forge, topic)


def test_row_26_in_an_archived_project_nothing_is_merged(stand_in, forge, topic):
    stand_in.known(REPO).archived = True
    with pytest.raises(RepositoryArchived):
        merge(forge, topic)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(PUT, cuts=True, is_done=True),
        Fault(PUT, Reply(502, b"<html>"), is_done=True),
        Fault(PUT, Reply(200, b"<html>"), is_done=True),
        Fault(PUT, Reply(200, {}), is_done=True),
    ],
    ids=["cut", "502", "a page", "nothing"],
)
def test_a_merge_without_an_answer_is_found_done(stand_in, forge, topic, fault):
    stand_in.server.faults.append(fault)
    with pytest.raises(OutcomeUnknown):
        merge(forge, topic)
    assert merge(forge, topic).merge == stand_in.bare(REPO).heads()["main"]
    assert len(stand_in.server.sent("PUT ")) == 1


@pytest.mark.parametrize("status", [405, 409, 422])
def test_a_refusal_of_what_was_merged_meanwhile_is_a_success(stand_in, forge, topic, status):
    stand_in.server.faults.append(
        Fault(PUT, Reply(status, {"message": "not any more"}), is_done=True)
    )
    assert merge(forge, topic).merge == stand_in.bare(REPO).heads()["main"]


def test_a_merge_that_gitlab_took_and_could_not_do_is_told_with_its_reason(stand_in, forge, topic):
    found = stand_in.known(REPO).merge_requests[1]
    shown = stand_in.shown(stand_in.known(REPO), found)
    stand_in.server.faults.append(Fault(PUT, Reply(200, {**shown, "merge_error": "hook says no"})))
    with pytest.raises(PolicyRejected, match=r"could not merge !1 .*: hook says no"):
        merge(forge, topic)
    stand_in.server.faults.append(Fault(PUT, Reply(200, shown)))
    with pytest.raises(OutcomeUnknown, match="does not show it yet"):
        merge(forge, topic)


def test_a_merge_is_done_whatever_becomes_of_the_look_at_its_commit(stand_in, forge, topic):
    stand_in.server.faults.append(Fault("/repository/commits/", Reply(503)))
    result = merge(forge, topic)
    assert (result.merge, result.base) == (stand_in.bare(REPO).heads()["main"], "")


def test_a_fast_forward_has_no_commit_of_its_own(stand_in, forge, topic):
    found = stand_in.known(REPO).merge_requests[1]
    found.state, found.merged_at = "merged", stand_in.tick()
    assert merge(forge, topic) == MergeResult(topic, topic, "")


def test_what_is_closed_or_was_merged_with_another_head_is_not_merged(stand_in, forge, topic):
    seen_by(stand_in, "bob").merge()
    with pytest.raises(PullRequestNotOpen, match="is merged already with other commits"):
        merge(forge, "f" * 40)
    stand_in.known(REPO).merge_requests[1].state = "closed"
    with pytest.raises(PullRequestNotOpen, match="!1 is closed already"):
        merge(forge, topic)
    with pytest.raises(PullRequestNotFound):
        forge.merge_pull_request(REPO, 9, expected_head=topic, method=MergeMethod.MERGE, by=ADA)
    assert len(stand_in.server.sent("PUT ")) == 1
