"""A merge request read with its history, in a few requests, and found by its branches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flagstone.forge.errors import PullRequestNotFound, RepositoryGone
from flagstone.forge.hosts.base import Account, MergeMethod, PullRequestState, Verdict
from flagstone.forge.hosts.markers import marked_change
from tests.forge.hosts.gitlab.conftest import (
    ADA,
    BRANCH,
    CHANGE,
    FLAGSTONE,
    PLACE,
    REPO,
    seen_by,
    spec,
)
from tests.stand_ins.gitlab import BOT

BOB = Account("bob", "Bob")
COMMITTED = datetime(2026, 1, 1, tzinfo=UTC)


def test_everything_that_a_merge_request_tells(stand_in, forge, topic):
    main = stand_in.bare(REPO).heads()["main"]
    forge.create_pull_request(REPO, spec())
    forge.set_labels(REPO, 1, ("b", "a"))
    seen_by(stand_in, "bob").notes.create({"body": "Why?"})
    seen_by(stand_in, "bob").approve()
    said, approved = stand_in.known(REPO).merge_requests[1].notes
    pull = forge.get_pull_request(REPO, 1)
    assert (pull.number, pull.title, pull.source, pull.target) == (
        1,
        "Raise the limit",
        BRANCH,
        "main",
    )
    assert (marked_change(pull.body), pull.body[:14]) == (CHANGE, "It is too low.")
    assert pull.author == Account(BOT, "Flagstone-Bot", is_bot=True)
    assert (pull.state, pull.is_draft, pull.labels) == (PullRequestState.OPEN, False, ("a", "b"))
    assert (pull.head, pull.base, pull.merge, pull.has_conflict) == (topic, main, "", False)
    assert pull.url == f"https://gitlab.example/{REPO}/-/merge_requests/1"
    assert (pull.began_at, pull.ready_at) == (COMMITTED, pull.opened_at)
    assert (pull.first_review_at, pull.approved_at) == (said.at, approved.at)
    [review] = pull.reviews
    assert (review.by, review.verdict, review.commit, review.at) == (
        BOB, Verdict.APPROVED, topic, approved.at,
    )  # fmt: skip
    [comment] = pull.comments
    assert (comment.by, comment.body, comment.at, comment.edited_at) == (BOB, "Why?", said.at, None)
    assert (pull.merged_at, pull.closed_at, pull.closed_by) == (None, None, None)


def test_a_merge_request_is_read_in_four_requests(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    stand_in.server.requests.clear()
    forge.get_pull_request(REPO, 1)
    assert len(stand_in.server.requests) == 4


def test_a_long_one_is_read_in_five_and_its_beginning_and_end_are_known(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    project = stand_in.known(REPO)
    found, bob = project.merge_requests[1], stand_in.add_person("bob")
    first = stand_in.note(found, bob, "Why?")
    for number in range(250):
        stand_in.note(found, found.by, f"added {number} commits", system=True)
    stand_in.tells_approvals = False
    approved = stand_in.note(found, bob, "approved this merge request", system=True)
    stand_in.server.requests.clear()
    pull = forge.get_pull_request(REPO, 1)
    assert (pull.first_review_at, pull.approved_at) == (first.at, approved.at)
    assert pull.began_at == COMMITTED
    assert len(stand_in.server.requests) == 5


@pytest.mark.parametrize(("notes", "began_at"), [(3, COMMITTED), (120, None)])
def test_when_a_branch_of_many_commits_began_costs_one_request_more(
    stand_in, forge, notes, began_at
):
    bare = stand_in.bare(REPO)
    for number in range(101):
        at = 1767225600 + number
        base = [f"from {bare.heads().get(BRANCH) or bare.heads()['main']}"]
        lines = [f"commit refs/heads/{BRANCH}", f"committer Ada <a@b.example> {at} +0000", "data 1"]
        bare.git(
            "fast-import",
            "--quiet",
            "--force",
            stdin="\n".join([*lines, "x", *base, "", "done", ""]),
        )
    forge.create_pull_request(REPO, spec())
    found = stand_in.known(REPO).merge_requests[1]
    for _ in range(notes):
        stand_in.note(found, found.by, "a remark")
    stand_in.server.requests.clear()
    assert forge.get_pull_request(REPO, 1).began_at == began_at
    assert len(stand_in.server.requests) == 5


def test_an_approval_that_was_taken_back_does_not_count(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    theirs = seen_by(stand_in, "bob")
    theirs.approve()
    theirs.unapprove()
    for stand_in.tells_approvals in (True, False):
        pull = forge.get_pull_request(REPO, 1)
        assert (pull.reviews, pull.approved_at) == ((), None)


def test_an_approval_that_a_push_took_away_does_not_count_whatever_the_notes_say(
    stand_in, forge, topic
):
    forge.create_pull_request(REPO, spec())
    seen_by(stand_in, "bob").approve()
    stand_in.known(REPO).merge_requests[1].approvals.clear()
    pull = forge.get_pull_request(REPO, 1)
    assert (pull.reviews, pull.approved_at) == ((), None)
    assert pull.first_review_at is not None


def test_a_draft_is_ready_when_it_is_last_called_so(stand_in, forge, topic):
    draft = forge.create_pull_request(REPO, spec(is_draft=True))
    assert (draft.title, draft.is_draft, draft.ready_at) == ("Raise the limit", True, None)
    forge.update_pull_request(REPO, 1, is_draft=False)
    forge.update_pull_request(REPO, 1, is_draft=True)
    ready = forge.update_pull_request(REPO, 1, is_draft=False)
    notes = stand_in.known(REPO).merge_requests[1].notes
    assert (ready.is_draft, ready.ready_at) == (False, notes[-1].at)
    assert ready.ready_at > ready.opened_at


def test_a_merged_one_tells_when_by_whom_and_to_which_commit(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    seen_by(stand_in, "bob").merge()
    found = stand_in.known(REPO).merge_requests[1]
    pull = forge.get_pull_request(REPO, 1)
    assert (pull.state, pull.merged_at, pull.closed_at) == (
        PullRequestState.MERGED, found.merged_at, found.merged_at,
    )  # fmt: skip
    assert (pull.closed_by, pull.head) == (BOB, topic)
    assert pull.merge == stand_in.bare(REPO).heads()["main"]


def test_rows_19_and_20_the_newest_between_two_branches_is_found_in_any_state(
    stand_in, forge, topic
):
    assert forge.find_pull_request(REPO, source=BRANCH, target="main") is None
    forge.create_pull_request(REPO, spec())
    forge.close_pull_request(REPO, 1, by=ADA)
    closed = forge.find_pull_request(REPO, source=BRANCH, target="main")
    assert (closed.number, closed.state) == (1, PullRequestState.CLOSED)
    forge.create_pull_request(REPO, spec())
    forge.merge_pull_request(REPO, 2, expected_head=topic, method=MergeMethod.MERGE, by=ADA)
    find = forge.find_pull_request
    assert find(REPO, source=BRANCH, target="main").state is PullRequestState.MERGED
    in_state = {
        state: getattr(find(REPO, source=BRANCH, target="main", state=state), "number", None)
        for state in PullRequestState
    }
    assert in_state == {
        PullRequestState.OPEN: None, PullRequestState.MERGED: 2, PullRequestState.CLOSED: 1,
    }  # fmt: skip
    assert find(REPO, source=BRANCH, target="other") is None


def test_a_branch_of_that_name_in_a_fork_is_another_one(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    stand_in.known(REPO).merge_requests[1].source_project_id = 999
    assert forge.find_pull_request(REPO, source=BRANCH, target="main") is None


def test_touched_ones_come_with_the_oldest_touch_first(stand_in, forge, topic):
    for name in ("one", "two", "three"):
        stand_in.bare(REPO).git("branch", name, topic)
        forge.create_pull_request(REPO, spec(source=name, change_id=None))
    forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="b")
    touches = forge.touched_pull_requests(REPO)
    assert [touch.number for touch in touches] == [2, 3, 1]
    since = touches[1].updated_at
    assert forge.touched_pull_requests(REPO, since=since) == touches[1:]
    assert forge.touched_pull_requests(REPO, since=since + timedelta(hours=9)) == []


def test_many_touched_ones_are_all_listed_though_one_is_touched_again_meanwhile(
    stand_in, forge, topic
):
    forge.create_pull_request(REPO, spec())
    project = stand_in.known(REPO)
    first = project.merge_requests[1]
    for number in range(2, 252):
        copy = type(first)(**{**vars(first), "iid": number, "updated_at": stand_in.tick()})
        # some of them at the same moment, over the border of two pages
        if 95 < number < 105:
            copy.updated_at = project.merge_requests[95].updated_at
        project.merge_requests[number] = copy
    answer = stand_in.server.answer

    def touching(request):
        reply = answer(request)
        if len(stand_in.server.sent("GET")) == 1:
            project.merge_requests[2].updated_at = stand_in.tick()
        return reply

    stand_in.server.requests.clear()
    stand_in.server.answer = touching
    numbers = [touch.number for touch in forge.touched_pull_requests(REPO)]
    assert sorted(numbers) == list(range(1, 252))
    assert numbers[-1] == 2


def test_what_is_missing_and_what_is_hidden_are_told_apart(stand_in, forge):
    with pytest.raises(PullRequestNotFound, match="There is no merge request !7 in acme/payments"):
        forge.get_pull_request(REPO, 7)
    stand_in.users[BOT].may_read = False
    with pytest.raises(RepositoryGone, match="does not have it, or hides it from this credential"):
        forge.get_pull_request(REPO, 7)


def test_projects_are_addressed_by_their_whole_path(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    assert stand_in.server.requests[0].path == f"/api/v4{PLACE}/merge_requests"
