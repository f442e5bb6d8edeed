"""Merges at Gitea: exactly what was looked at, once, and with the reason where it cannot be."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import (
    HeadMoved,
    MergeConflict,
    NotYetConsistent,
    OutcomeUnknown,
    PermissionDenied,
    PolicyRejected,
    PullRequestNotOpen,
    RepositoryArchived,
    StaleLease,
)
from flagstone.forge.hosts.base import MergeMethod
from tests.forge.hosts.gitea.conftest import ADA, BRANCH, REPO, spec
from tests.http_server import Fault, Reply

MERGE = f"POST /api/v1/repos/{REPO}/pulls/1/merge"
PULL = f"/repos/{REPO}/pulls/1"


@pytest.fixture
def merge(forge, topic):
    forge.create_pull_request(REPO, spec())

    def merge(head=topic, method=MergeMethod.MERGE):
        return forge.merge_pull_request(REPO, 1, expected_head=head, method=method, by=ADA)

    return merge


@pytest.fixture
def conflict(stand_in, merge):
    """Let both sides change the same lines."""
    stand_in.bare(REPO).write(BRANCH, {"README.md": "ours\n"})
    stand_in.bare(REPO).write("main", {"README.md": "theirs\n"})
    return stand_in.bare(REPO).heads()[BRANCH]


@pytest.mark.parametrize("method", list(MergeMethod))
def test_a_merge_is_done_once_and_told_the_same_again(stand_in, merge, topic, method):
    before = stand_in.bare(REPO).heads()["main"]
    done = merge(method=method)
    assert (done.merge, done.head, done.base) == (
        stand_in.bare(REPO).heads()["main"], topic, before,
    )  # fmt: skip
    parents = stand_in.bare(REPO).commit(done.merge).parents
    assert parents == ((before, topic) if method is MergeMethod.MERGE else (before,))
    assert merge(method=method) == done
    (sent,) = stand_in.server.sent(MERGE)
    assert sent.json == {"Do": method.value, "do": method.value, "head_commit_id": topic}


def test_a_merge_is_told_the_same_when_the_branch_is_gone(stand_in, merge, topic):
    done = merge()
    stand_in.bare(REPO).git("update-ref", "-d", f"refs/heads/{BRANCH}")
    assert merge() == done


def test_a_version_that_takes_both_keys_for_one_is_given_one(stand_in, merge):
    stand_in.watchers.clear()  # Gitea 1.27 does not know the second form
    stand_in.server.faults.append(Fault(MERGE, Reply(422, {"message": 'duplicate name "do"'})))
    assert merge().merge == stand_in.bare(REPO).heads()["main"]
    assert [sorted(each.json) for each in stand_in.server.sent(MERGE)] == [
        ["Do", "do", "head_commit_id"],
        ["Do", "head_commit_id"],
    ]


def test_other_commits_than_those_looked_at_are_not_merged(stand_in, merge, topic):
    newer = stand_in.bare(REPO).write(BRANCH, {"a.txt": "three\n"})
    with pytest.raises(HeadMoved, match=newer[:12]):
        merge()
    assert stand_in.server.sent(MERGE) == []


def test_commits_that_come_while_it_is_merged_are_not_merged(stand_in, merge, topic):
    answer = stand_in.server.answer

    def pushed_first(request):
        if request.method == "POST":
            stand_in.bare(REPO).write(BRANCH, {"a.txt": "three\n"})
        return answer(request)

    stand_in.server.answer = pushed_first
    with pytest.raises(HeadMoved):
        merge()
    assert len(stand_in.server.sent(MERGE)) == 1
    assert stand_in.known(REPO).pulls[1].is_open


@pytest.mark.parametrize("is_seen_early", [True, False])
def test_row_14_a_conflict_is_told_with_the_files(
    stand_in, merge, conflict, is_seen_early, monkeypatch
):
    before = stand_in.bare(REPO).heads()
    if not is_seen_early:  # the host looked before the other side came, and answers 409
        monkeypatch.setattr(stand_in.known(REPO), "can_merge", lambda _: True)
    with pytest.raises(MergeConflict, match=r"both sides changed README\.md") as caught:
        merge(conflict)
    assert caught.value.params["paths"] == ["README.md"]
    assert stand_in.bare(REPO).heads() == before
    assert stand_in.known(REPO).pulls[1].is_open


def test_row_14_branches_without_common_history_do_not_go_together(stand_in, merge):
    bare = stand_in.bare(REPO)
    tree = bare.git("rev-parse", "main^{tree}")
    alone = bare.git("commit-tree", tree, "-m", "Alone")
    bare.git("update-ref", f"refs/heads/{BRANCH}", alone)
    with pytest.raises(MergeConflict, match="no common history"):
        merge(alone)


@pytest.mark.parametrize("is_behind", [True, False])
def test_a_look_that_the_host_has_yet_to_take_is_no_conflict(stand_in, merge, is_behind):
    if is_behind:
        stand_in.bare(REPO).write("main", {"b.txt": "b\n"})
    stand_in.known(REPO).pulls[1].is_checked = False
    with pytest.raises(NotYetConsistent, match="has not found out") as caught:
        merge()
    assert caught.value.retryable
    stand_in.known(REPO).pulls[1].is_checked = True
    assert merge().merge == stand_in.bare(REPO).heads()["main"]


def test_a_draft_is_refused_in_the_hosts_words_even_with_a_conflict(forge, merge, conflict):
    forge.update_pull_request(REPO, 1, is_draft=True)
    with pytest.raises(PolicyRejected, match="Work in progress PRs cannot be merged"):
        merge(conflict)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (405, "Does not have enough approvals"),
        (405, "squash is not allowed an allowed merge style for this repository"),
        (409, "PushRejected with remote message: no merges on Fridays"),
    ],
)
def test_the_hosts_rules_refuse_in_their_words(stand_in, merge, status, words):
    stand_in.bare(REPO).write("main", {"b.txt": "b\n"})
    stand_in.server.faults.append(Fault(MERGE, Reply(status, {"message": words})))
    with pytest.raises(PolicyRejected, match=words) as caught:
        merge()
    assert not caught.value.retryable


def test_a_target_that_moves_meanwhile_is_tried_again(stand_in, merge):
    answer = stand_in.server.answer

    def moved_first(request):
        if request.method == "POST":
            stand_in.bare(REPO).write("main", {"b.txt": "b\n"})
            return Reply(409, {"message": "merge push out of date"})
        return answer(request)

    stand_in.server.answer = moved_first
    with pytest.raises(StaleLease, match="main moved") as caught:
        merge()
    assert caught.value.retryable


def test_what_is_closed_is_not_merged(stand_in, forge, merge):
    forge.close_pull_request(REPO, 1, by=ADA)
    with pytest.raises(PullRequestNotOpen, match="#1 is closed already"):
        merge()
    assert stand_in.server.sent(MERGE) == []


def test_what_was_merged_with_other_commits_is_told_so(stand_in, merge, topic):
    newer = stand_in.bare(REPO).write(BRANCH, {"a.txt": "three\n"})
    assert merge(newer).head == newer
    with pytest.raises(PullRequestNotOpen, match="merged already with other commits"):
        merge(topic)


def test_one_that_is_closed_while_it_is_merged_is_told_as_closed(stand_in, merge):
    answer = stand_in.server.answer

    def closed_first(request):
        if request.method == "POST":
            stand_in.known(REPO).pulls[1].is_open = False
        return answer(request)

    stand_in.server.answer = closed_first
    with pytest.raises(PullRequestNotOpen, match="#1 is closed already"):
        merge()


def test_one_that_another_merges_meanwhile_is_merged(stand_in, merge, topic):
    answer = stand_in.server.answer

    def merged_first(request):
        if request.method == "POST":
            stand_in.server.answer = answer
            assert answer(request).status == 200
        return answer(request)

    stand_in.server.answer = merged_first
    assert merge().head == topic


@pytest.mark.parametrize(
    "fault",
    [
        Fault(MERGE, cuts=True, is_done=True),
        Fault(MERGE, Reply(500), is_done=True),
        Fault("GET /api/v1/repos/acme/gitops/git/commits", Reply(500)),
        Fault("GET /api/v1/repos/acme/gitops/git/commits", Reply(200, b"<html>")),
    ],
)
def test_row_24_a_merge_without_an_answer_is_found_at_the_next_look(stand_in, merge, topic, fault):
    stand_in.server.faults.append(fault)
    with pytest.raises(OutcomeUnknown):
        merge()
    assert merge().head == topic
    assert len(stand_in.server.sent(MERGE)) == 1


def test_a_merge_that_the_host_does_not_show_yet_is_looked_for_again(stand_in, merge):
    stand_in.server.faults.append(Fault(MERGE, Reply(200, b"")))
    with pytest.raises(OutcomeUnknown, match="does not show it yet"):
        merge()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(403, {"message": "forbidden"}), PermissionDenied),
        (Reply(423, {"message": "archived"}), RepositoryArchived),
    ],
)
def test_other_refusals_keep_their_kind(stand_in, merge, reply, kind):
    stand_in.server.faults.append(Fault(MERGE, reply))
    with pytest.raises(kind):
        merge()


def test_a_merge_commit_that_is_not_shown_leaves_the_base_untold(stand_in, merge):
    stand_in.server.faults.append(
        Fault("GET /api/v1/repos/acme/gitops/git/commits", Reply(404, {}))
    )
    done = merge()
    assert (done.merge, done.base) == (stand_in.bare(REPO).heads()["main"], "")
