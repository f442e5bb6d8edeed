"""Comments: one for each mark, ours alone, and edited in place."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import OutcomeUnknown, PermissionDenied
from tests.forge.hosts.gitea.conftest import ADA, FLAGSTONE, REPO, spec
from tests.http_server import Fault, Reply
from tests.stand_ins.gitea import BOT

MARK = "<!-- flagstone:checks -->"
COMMENTS = f"/repos/{REPO}/issues/1/comments"


@pytest.fixture
def say(forge, topic):
    forge.create_pull_request(REPO, spec())

    def say(body, marker=MARK, by=FLAGSTONE):
        return forge.upsert_comment(REPO, 1, by=by, body=body, marker=marker)

    return say


def said(stand_in):
    return [
        (each["user"]["login"], each["body"]) for each in stand_in.person("eve").do("GET", COMMENTS)
    ]


def test_a_marked_comment_is_edited_in_place(stand_in, say):
    first = say("Three checks run.")
    assert (first.by.login, first.body, first.edited_at) == (
        BOT,
        f"Three checks run.\n\n{MARK}",
        None,
    )
    second = say("All checks passed.")
    assert (second.number, second.at, second.edited_at) == (first.number, first.at, stand_in.clock)
    assert said(stand_in) == [(BOT, f"All checks passed.\n\n{MARK}")]


def test_the_same_again_writes_nothing(stand_in, say):
    assert say("Three checks run.") == say("Three checks run.")
    assert stand_in.server.sent("PATCH") == []
    assert len(said(stand_in)) == 1


def test_without_a_mark_each_is_a_comment_of_its_own(stand_in, say):
    say("Same", marker="")
    say("Same", marker="")
    assert said(stand_in) == [(BOT, "Same")] * 2


def test_ours_is_found_among_many_and_a_quoted_mark_is_not_ours(stand_in, say):
    eve = stand_in.person("eve")
    eve.do("POST", COMMENTS, {"body": f"> {MARK}\n\nWhat is this?"})
    for number in range(60):
        eve.do("POST", COMMENTS, {"body": f"{number}"})
    ours = say("Three checks run.")
    assert say("All passed.").number == ours.number
    assert said(stand_in)[0] == ("eve", f"> {MARK}\n\nWhat is this?")
    assert len(said(stand_in)) == 62


def test_one_that_is_deleted_meanwhile_is_written_anew(stand_in, say):
    say("Three checks run.")
    stand_in.server.faults.append(Fault("PATCH", Reply(404, {"message": "not found"})))
    assert say("All passed.").body == f"All passed.\n\n{MARK}"
    assert len(said(stand_in)) == 2


def test_row_40_a_long_comment_is_cut_and_keeps_its_mark(stand_in, say):
    body = say("x" * 70_000).body
    assert len(body) == 65_536
    assert body.endswith(f"The rest is left out: the code host takes no longer text._\n\n{MARK}")
    assert say(f"{MARK} in the middle").body == f"in the middle\n\n{MARK}"


def test_row_40_a_persons_words_are_quoted_and_call_nobody(stand_in, say):
    say("/merge\n@everybody look", marker="", by=ADA)
    ((login, body),) = said(stand_in)
    assert login == BOT
    assert body == "**Ada** says through Flagstone:\n\n> /merge\n> @\u200beverybody look"


def test_row_16_a_comment_without_an_answer_is_found_by_its_mark(stand_in, say):
    stand_in.server.faults.append(Fault(f"POST /api/v1{COMMENTS}", cuts=True, is_done=True))
    with pytest.raises(OutcomeUnknown):
        say("Three checks run.")
    say("Three checks run.")
    assert len(said(stand_in)) == 1


def test_a_locked_conversation_is_told(stand_in, say):
    stand_in.server.faults.append(
        Fault(f"POST /api/v1{COMMENTS}", Reply(403, {"message": "locked"}))
    )
    with pytest.raises(PermissionDenied, match="locked"):
        say("Hello")
