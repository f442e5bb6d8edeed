from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flagstone.forge.errors import InvalidName, NotAllowed, PullRequestNotOpen
from flagstone.forge.hosts.base import (
    CommitStatus,
    PullRequest,
    PullRequestSpec,
    StatusState,
    Verdict,
)
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.hosts.markers import without_marks
from tests.forge.hosts.local.conftest import BOT, LEO, MIA, Clock
from tests.forge.repositories import push_by_hand

REPO = "acme/gitops"


@pytest.fixture
def pull(forge: LocalForge, bare: Path, tmp_path: Path) -> PullRequest:
    push_by_hand(bare, tmp_path, {"b.txt": "b\n"}, branch="feature")
    return forge.create_pull_request(REPO, PullRequestSpec("T", "", "feature", "main", MIA))


def review(forge: LocalForge, verdict: Verdict, *, by: object = LEO) -> PullRequest:
    return forge.submit_review(REPO, 1, by=by, verdict=verdict, body="ok")  # type: ignore[arg-type]


def test_an_approval_is_kept_with_its_commit_and_stops_both_clocks(
    forge: LocalForge, pull: PullRequest, clock: Clock
) -> None:
    at = clock.tick()
    after = review(forge, Verdict.APPROVED)
    [given] = after.reviews
    assert (given.by, given.verdict, given.body, given.commit, given.at) == (
        LEO, Verdict.APPROVED, "ok", pull.head, at,
    )  # fmt: skip
    assert (after.first_review_at, after.approved_at) == (at, at)
    assert forge.get_pull_request(REPO, 1) == after


def test_the_first_review_and_the_first_approval_stay_the_first(
    forge: LocalForge, pull: PullRequest, clock: Clock
) -> None:
    first = clock.tick()
    review(forge, Verdict.CHANGES_REQUESTED)
    second = clock.tick()
    review(forge, Verdict.APPROVED)
    clock.tick()
    after = review(forge, Verdict.APPROVED)
    assert (after.first_review_at, after.approved_at) == (first, second)
    assert len(after.reviews) == 3


@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.CHANGES_REQUESTED])
def test_nobody_judges_their_own_work(
    forge: LocalForge, pull: PullRequest, verdict: Verdict
) -> None:
    with pytest.raises(NotAllowed) as caught:
        review(forge, verdict, by=MIA)
    assert caught.value.code == "forge.own_pull_request"
    assert forge.get_pull_request(REPO, 1) == pull


@pytest.mark.parametrize("by", [MIA, BOT])
def test_the_author_and_bots_do_not_stop_the_clock(
    forge: LocalForge, pull: PullRequest, by: object
) -> None:
    assert review(forge, Verdict.COMMENTED, by=by).first_review_at is None
    forge.upsert_comment(REPO, 1, by=by, body="hm")  # type: ignore[arg-type]
    assert forge.get_pull_request(REPO, 1).first_review_at is None


def test_a_comment_by_somebody_else_is_a_first_look(
    forge: LocalForge, pull: PullRequest, clock: Clock
) -> None:
    at = clock.tick()
    forge.upsert_comment(REPO, 1, by=LEO, body="hm")
    assert forge.get_pull_request(REPO, 1).first_review_at == at


def test_a_closed_one_takes_comments_but_no_review(forge: LocalForge, pull: PullRequest) -> None:
    forge.close_pull_request(REPO, 1, by=LEO)
    forge.upsert_comment(REPO, 1, by=LEO, body="pity")
    with pytest.raises(PullRequestNotOpen):
        review(forge, Verdict.APPROVED)


def test_a_marked_comment_is_edited_in_place(forge: LocalForge, pull: PullRequest) -> None:
    mark = "<!-- verdict -->"
    first = forge.upsert_comment(REPO, 1, by=BOT, body="score 60", marker=mark)
    forge.upsert_comment(REPO, 1, by=LEO, body="hm")
    second = forge.upsert_comment(REPO, 1, by=BOT, body="score 80", marker=mark)
    assert (first.number, first.body, first.edited_at) == (1, f"score 60\n\n{mark}", None)
    assert (second.number, second.body, second.at) == (1, f"score 80\n\n{mark}", first.at)
    comments = forge.get_pull_request(REPO, 1).comments
    assert [comment.body for comment in comments] == [f"score 80\n\n{mark}", "hm"]


@pytest.mark.parametrize("mark", ["<!-- flagstone:left-alone -->", "<!-- verdict -->"])
def test_nobody_elses_words_are_edited_though_they_carry_the_mark(
    forge: LocalForge, pull: PullRequest, mark: str
) -> None:
    forge.upsert_comment(REPO, 1, by=LEO, body=f"my words {mark}")
    for words in ("left alone", "left alone again"):
        forge.upsert_comment(REPO, 1, by=BOT, body=words, marker=mark)
    said, ours = forge.get_pull_request(REPO, 1).comments
    assert (said.by, without_marks(said.body), said.edited_at) == (
        LEO, f"my words {mark}" if "verdict" in mark else "my words", None,
    )  # fmt: skip
    assert (ours.number, ours.by, ours.body) == (2, BOT, f"left alone again\n\n{mark}")


def test_a_person_cannot_write_a_mark_of_ours(forge: LocalForge, pull: PullRequest) -> None:
    said = forge.upsert_comment(REPO, 1, by=LEO, body="a <!-- flagstone:verdict --> b")
    assert said.body == "a \n b"


def test_the_same_marked_comment_again_changes_nothing(
    forge: LocalForge, pull: PullRequest
) -> None:
    forge.upsert_comment(REPO, 1, by=BOT, body="x", marker="<!-- m -->")
    before = forge.get_pull_request(REPO, 1)
    forge.upsert_comment(REPO, 1, by=BOT, body="x", marker="<!-- m -->")
    assert forge.get_pull_request(REPO, 1) == before


def test_a_drafts_clock_starts_when_it_is_ready(
    forge: LocalForge, bare: Path, tmp_path: Path, clock: Clock
) -> None:
    push_by_hand(bare, tmp_path, {"b.txt": "b\n"}, branch="feature")
    draft = PullRequestSpec("T", "", "feature", "main", MIA, is_draft=True)
    assert forge.create_pull_request(REPO, draft).ready_at is None
    first = clock.tick()
    assert forge.update_pull_request(REPO, 1, is_draft=False).ready_at == first
    assert forge.update_pull_request(REPO, 1, is_draft=True).ready_at is None
    second = clock.tick()
    assert forge.update_pull_request(REPO, 1, is_draft=False).ready_at == second


def test_title_and_body_change_and_the_mark_stays(forge: LocalForge, pull: PullRequest) -> None:
    after = forge.update_pull_request(REPO, 1, title="New\ntitle", body="New body")
    assert (after.title, after.body) == ("New title", "New body")
    assert forge.update_pull_request(REPO, 1, title="New title") == after


def test_labels_are_a_sorted_set(forge: LocalForge, pull: PullRequest) -> None:
    after = forge.set_labels(REPO, 1, ("b", "a", "b"))
    assert after.labels == ("a", "b")
    assert forge.set_labels(REPO, 1, ("a", "b")) == after


def test_closing_twice_changes_nothing(forge: LocalForge, pull: PullRequest, clock: Clock) -> None:
    at = clock.tick()
    after = forge.close_pull_request(REPO, 1, by=LEO)
    clock.tick()
    assert (after.closed_at, after.closed_by) == (at, LEO)
    assert forge.close_pull_request(REPO, 1, by=MIA) == after


def test_a_status_replaces_the_one_of_its_context(forge: LocalForge, pull: PullRequest) -> None:
    def status(context: str, state: StatusState) -> CommitStatus:
        return CommitStatus(context, state, "said", datetime(2026, 1, 1, tzinfo=UTC), "https://x")

    forge.set_commit_status(REPO, pull.head, status("flagstone/policy", StatusState.PENDING))
    forge.set_commit_status(REPO, pull.head, status("ci", StatusState.FAILURE))
    forge.set_commit_status(REPO, pull.head, status("flagstone/policy", StatusState.SUCCESS))
    assert forge.commit_statuses(REPO, pull.head) == {
        "flagstone/policy": status("flagstone/policy", StatusState.SUCCESS),
        "ci": status("ci", StatusState.FAILURE),
    }
    assert forge.commit_statuses(REPO, "0" * 40) == {}


@pytest.mark.parametrize("commit", ["../../x", "main", "", "A" * 40])
def test_a_status_is_about_a_commit(forge: LocalForge, commit: str) -> None:
    with pytest.raises(InvalidName):
        forge.commit_statuses(REPO, commit)
