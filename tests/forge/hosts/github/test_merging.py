"""A merge takes the head that was looked at, is done once, and says why it is not done."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import (
    HeadMoved,
    MergeConflict,
    NotYetConsistent,
    OutcomeUnknown,
    PermissionDenied,
    PolicyRejected,
    PullRequestNotFound,
    PullRequestNotOpen,
    StaleLease,
)
from flagstone.forge.hosts.base import MergeMethod, MergeResult, PullRequestState
from tests.forge.hosts.github.conftest import ADA, BRANCH, REPO, spec
from tests.http_server import Fault, Reply
from tests.stand_ins.github import BOT
from tests.stand_ins.github_state import said

MERGE = f"PUT /repos/{REPO}/pulls/1/merge"


@pytest.fixture
def number(forge, topic) -> int:
    return forge.create_pull_request(REPO, spec()).number


def merge(forge, head, method=MergeMethod.MERGE):
    return forge.merge_pull_request(REPO, 1, expected_head=head, method=method, by=ADA)


@pytest.mark.parametrize("method", list(MergeMethod))
def test_what_was_looked_at_is_merged(forge, stand_in, topic, number, method):
    bare = stand_in.bare(REPO)
    base = bare.write("main", {"b.txt": "moved\n"})
    result = merge(forge, topic, method)
    assert result == MergeResult(merge=bare.heads()["main"], head=topic, base=base)
    parents = (base, topic) if method is MergeMethod.MERGE else (base,)
    assert bare.commit(result.merge).parents == parents
    pull = forge.get_pull_request(REPO, 1)
    assert (pull.state, pull.merge, pull.merged_at) == (
        PullRequestState.MERGED,
        result.merge,
        stand_in.clock,
    )
    assert (pull.closed_by.login, pull.base, pull.has_conflict) == (BOT, base, None)


def test_the_same_head_is_merged_again_with_the_same_result(forge, stand_in, topic, number):
    stand_in.server.faults.append(Fault(MERGE, cuts=True, is_done=True))
    with pytest.raises(OutcomeUnknown):
        merge(forge, topic)
    first = merge(forge, topic)
    assert merge(forge, topic) == first
    assert first.merge == stand_in.bare(REPO).heads()["main"]
    with pytest.raises(PullRequestNotOpen, match="merged already"):
        merge(forge, "1" * 40)


def test_a_merge_is_done_even_where_its_parents_cannot_be_read(forge, stand_in, topic, number):
    stand_in.server.faults.append(Fault("GET /repos/acme/gitops/git/commits", Reply(503)))
    result = merge(forge, topic)
    assert result == MergeResult(stand_in.bare(REPO).heads()["main"], topic, "")


def test_commits_that_nobody_looked_at_are_not_merged(forge, stand_in, topic, number):
    bare = stand_in.bare(REPO)
    main, head = bare.heads()["main"], bare.write(BRANCH, {"a.txt": "three\n"})
    with pytest.raises(HeadMoved, match=head[:12]):
        merge(forge, topic)
    assert bare.heads()["main"] == main


def test_row_14_a_conflict_is_told_and_nothing_is_merged(forge, stand_in, topic, number):
    bare = stand_in.bare(REPO)
    main = bare.write("main", {"a.txt": "other\n"})
    with pytest.raises(MergeConflict, match="does not go together"):
        merge(forge, topic)
    assert bare.heads()["main"] == main
    pull = forge.get_pull_request(REPO, 1)
    assert (pull.state, pull.has_conflict) == (PullRequestState.OPEN, True)


def test_a_closed_one_is_not_merged(forge, topic, number):
    forge.close_pull_request(REPO, 1, by=ADA)
    with pytest.raises(PullRequestNotOpen, match="closed already"):
        merge(forge, topic)


def test_a_rule_is_told_in_githubs_words(forge, stand_in, topic, number):
    words = "At least 1 approving review is required by reviewers with write access."
    stand_in.known(REPO).merge_refusal = words
    with pytest.raises(PolicyRejected, match=words):
        merge(forge, topic)


def test_what_github_has_not_found_out_yet_is_tried_later(forge, stand_in, topic, number):
    stand_in.known(REPO).knows_mergeable = False
    with pytest.raises(NotYetConsistent):
        merge(forge, topic)
    assert forge.get_pull_request(REPO, 1).has_conflict is None


def test_a_target_that_moves_meanwhile_is_tried_later(forge, stand_in, topic, number):
    words = "Base branch was modified. Review and try the merge again."
    stand_in.server.faults.append(Fault(MERGE, Reply(409, said(words))))
    with pytest.raises(StaleLease) as caught:
        merge(forge, topic)
    assert caught.value.retryable
    assert merge(forge, topic).head == topic


def test_a_missing_right_is_no_conflict(forge, stand_in, topic, number):
    stand_in.known(REPO).rights[BOT] = "read"
    with pytest.raises(PermissionDenied, match="Resource not accessible"):
        merge(forge, topic)


def test_a_number_without_a_pull_request(forge, stand_in):
    stand_in.server.faults.append(Fault(MERGE, Reply(405, said("Pull Request is not mergeable"))))
    with pytest.raises(PullRequestNotFound):
        merge(forge, "1" * 40)
