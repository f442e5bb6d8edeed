"""What a history tells: pure, so every order and every lack can be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flagstone.forge.hosts.base import Account, Comment, PullRequest, PullRequestState, Verdict
from flagstone.forge.hosts.gitlab.codec import Approval, Note
from flagstone.forge.hosts.gitlab.conversation import with_conversation

OPENED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ADA, BOB, MIA = Account("ada"), Account("bob"), Account("mia")
BOT = Account("project_1_bot", is_bot=True)


def at(minutes):
    return OPENED + timedelta(minutes=minutes)


def pull(**more):
    plain = PullRequest(
        number=1, title="T", body="", source="b", target="main", author=ADA,
        state=PullRequestState.OPEN, is_draft=False, labels=(), head="a" * 40, base="b" * 40,
        opened_at=OPENED, updated_at=at(60),
    )  # fmt: skip
    return type(plain)(**{**{name: getattr(plain, name) for name in plain.__slots__}, **more})


def note(minute, by, body, *, system=False, internal=False):
    return Note(Comment(minute, by, body, at(minute)), system, internal)


def noted(minute, by, body):
    return note(minute, by, body, system=True)


def read(*notes, approvals=(), **more):
    return with_conversation(pull(**more), notes, approvals, None)


@pytest.mark.parametrize(
    ("said", "minute"),
    [
        ([note(1, BOB, "Why?")], 1),
        ([note(1, ADA, "Look!"), note(2, BOB, "Why?")], 2),
        ([note(1, BOT, "Checks passed"), note(2, BOB, "Why?")], 2),
        ([note(1, MIA, "Verdict <!-- flagstone:gate -->"), note(3, BOB, "Why?")], 3),
        ([noted(1, BOB, "assigned to @bob"), note(2, BOB, "Why?")], 2),
        ([noted(1, BOB, "approved this merge request")], 1),
        ([noted(1, BOB, "requested changes"), note(2, BOB, "Why?")], 1),
        ([note(4, MIA, "Later"), note(2, BOB, "Earlier")], 2),
        ([note(1, BOB, "Between us", internal=True)], 1),
        ([note(1, ADA, "Look!"), noted(2, ADA, "approved this merge request")], None),
        ([note(1, BOB, "approved this merge request")], 1),
        ([], None),
    ],
)  # fmt: skip
def test_the_first_review_is_the_first_word_of_somebody_else(said, minute):
    assert read(*said).first_review_at == (None if minute is None else at(minute))


def test_what_is_between_colleagues_is_no_comment_for_everybody():
    found = read(note(1, BOB, "Between us", internal=True), note(2, BOB, "Hello"))
    assert [comment.body for comment in found.comments] == ["Hello"]


def test_an_approval_has_the_time_that_is_told_or_noted_or_the_last_change():
    words = "approved this merge request"
    approvals = [Approval(BOB, at(9)), Approval(MIA, None), Approval(BOT, None)]
    found = read(noted(5, MIA, words), noted(6, BOB, words), approvals=approvals)
    assert {review.by.login: review.at for review in found.reviews} == {
        "mia": at(5), "bob": at(9), "project_1_bot": at(60),
    }  # fmt: skip
    assert found.approved_at == at(5)


def test_changes_that_were_asked_for_stand_before_the_approval_that_followed():
    found = read(
        noted(3, BOB, "requested changes"),
        noted(7, BOB, "approved this merge request"),
        approvals=None,
    )
    assert [(review.verdict, review.at) for review in found.reviews] == [
        (Verdict.CHANGES_REQUESTED, at(3)), (Verdict.APPROVED, at(7)),
    ]  # fmt: skip
    assert {review.commit for review in found.reviews} == {"a" * 40}


def test_a_person_who_writes_the_words_of_gitlab_approves_nothing():
    found = read(note(1, BOB, "approved this merge request"), approvals=None)
    assert (found.reviews, found.approved_at) == ((), None)


@pytest.mark.parametrize(
    ("said", "is_draft", "ready"),
    [
        ([], False, 0),
        ([], True, None),
        ([noted(3, ADA, "marked this merge request as **ready**")], False, 3),
        ([noted(3, ADA, "marked this merge request as **ready**")], True, None),
        ([noted(5, ADA, "marked this merge request as **ready**"),
          noted(3, ADA, "marked this merge request as **ready**")], False, 5),
        ([noted(2, ADA, "unmarked as a **Work In Progress**")], False, 2),
        ([note(2, ADA, "marked this merge request as **ready**")], False, 0),
    ],
)  # fmt: skip
def test_it_is_ready_since_it_was_last_called_so(said, is_draft, ready):
    found = read(*said, is_draft=is_draft)
    assert found.ready_at == (None if ready is None else at(ready))
