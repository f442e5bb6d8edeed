"""Comments: a person's words are quoted, ours with a mark are edited in place, on whatever page they are."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import OutcomeUnknown, PullRequestNotFound, RepositoryGone
from flagstone.forge.hosts.base import PullRequestState
from flagstone.forge.hosts.gitlab.texts import LONGEST_BODY
from tests.forge.hosts.gitlab.conftest import ADA, FLAGSTONE, PLACE, REPO, seen_by, spec
from tests.http_server import Fault, Reply
from tests.stand_ins.gitlab import BOT

MARK = "<!-- flagstone:gate -->"
NOTES = f"/api/v4{PLACE}/merge_requests/1/notes"


@pytest.fixture(autouse=True)
def opened(forge, topic):
    forge.create_pull_request(REPO, spec())


def bodies(stand_in):
    return [note.body for note in stand_in.known(REPO).merge_requests[1].notes]


def test_a_marked_comment_is_edited_in_place(stand_in, forge):
    first = forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="All is well", marker=MARK)
    again = forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="All is well", marker=MARK)
    edited = forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="Not any more", marker=MARK)
    assert (first.number, first.by.login) == (edited.number, BOT)
    assert again == first
    assert edited.edited_at is not None
    assert bodies(stand_in) == [f"Not any more\n\n{MARK}"]
    assert [len(stand_in.server.sent(f"{m} {NOTES}")) for m in ("POST", "PUT")] == [1, 1]


def test_a_comment_without_a_mark_is_always_a_new_one(stand_in, forge):
    for _ in range(2):
        forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="Hello")
    assert bodies(stand_in) == ["Hello", "Hello"]
    assert stand_in.server.sent(f"GET {NOTES}") == []


def test_a_marked_comment_is_found_behind_many_others(stand_in, forge):
    found = stand_in.known(REPO).merge_requests[1]
    for _ in range(150):
        stand_in.note(found, stand_in.users[BOT], "chatter")
    first = forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="One", marker=MARK)
    assert (
        forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="Two", marker=MARK).number == first.number
    )
    assert len(bodies(stand_in)) == 151


def test_somebody_who_writes_our_mark_keeps_their_words(stand_in, forge):
    seen_by(stand_in, "bob").notes.create({"body": f"Look: {MARK}"})
    forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="Ours", marker=MARK)
    forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="Ours too", marker=MARK)
    assert bodies(stand_in) == [f"Look: {MARK}", f"Ours too\n\n{MARK}"]


def test_one_that_is_deleted_meanwhile_is_written_again(stand_in, forge):
    forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="One", marker=MARK)
    stand_in.server.faults.append(Fault(f"PUT {NOTES}", Reply(404, {"message": "404 Not found"})))
    forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="Two", marker=MARK)
    assert len(bodies(stand_in)) == 2


def test_row_40_what_a_person_says_is_quoted_and_orders_nothing(stand_in, forge):
    comment = forge.upsert_comment(REPO, 1, by=ADA, body="@bob look\n/close\n/merge")
    assert comment.body == (
        "**Ada** says through Flagstone:\n\n> @\u200bbob look\n> \\/close\n> \\/merge"
    )
    forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="The plan:\n/close")
    assert forge.get_pull_request(REPO, 1).state is PullRequestState.OPEN


def test_row_40_a_long_comment_is_cut_and_its_mark_survives(stand_in, forge):
    comment = forge.upsert_comment(
        REPO, 1, by=FLAGSTONE, body="x" * (LONGEST_BODY + 9), marker=MARK
    )
    assert len(comment.body) == LONGEST_BODY
    assert comment.body.endswith(f"takes no longer text._\n\n{MARK}")
    assert (
        forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="x", marker=MARK).number == comment.number
    )


@pytest.mark.parametrize("by", [ADA, FLAGSTONE])
@pytest.mark.parametrize("text", ["ü" * LONGEST_BODY, "@" * LONGEST_BODY, "😀\n" * LONGEST_BODY])
def test_row_40_a_comment_fits_where_bytes_are_counted(stand_in, forge, by, text):
    comment = forge.upsert_comment(REPO, 1, by=by, body=text, marker=MARK)
    assert 990_000 < len(comment.body.encode()) < 1_048_576
    assert comment.body.endswith(f"takes no longer text._\n\n{MARK}")


def test_row_41_a_comment_that_only_ordered_something_is_of_unknown_outcome(stand_in, forge):
    """GitLab answers with 202 and no note where it takes a whole comment for commands."""
    told = Reply(202, {"commands_changes": {}, "summary": ["Applied"]})
    stand_in.server.faults.append(Fault(f"POST {NOTES}", told))
    with pytest.raises(OutcomeUnknown, match="described a comment without"):
        forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="x")


def test_a_comment_under_nothing_is_refused(stand_in, forge):
    with pytest.raises((PullRequestNotFound, RepositoryGone)):
        forge.upsert_comment(REPO, 7, by=FLAGSTONE, body="x", marker=MARK)
