"""Comments are written once and edited in place; labels and reviewers never harm the pull request."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import (
    PermissionDenied,
    PullRequestNotFound,
    ReviewersRefused,
)
from tests.forge.hosts.github.conftest import ADA, FLAGSTONE, REPO, client, spec
from tests.http_server import Fault, Reply
from tests.stand_ins.github import BOT
from tests.stand_ins.github_state import said

MARK = "<!-- flagstone:scorecard -->"


@pytest.fixture
def number(forge, topic) -> int:
    return forge.create_pull_request(REPO, spec()).number


def comments(stand_in):
    return [(each.by.login, each.body) for each in stand_in.known(REPO).comments]


def say(forge, number, body, **more):
    return forge.upsert_comment(REPO, number, by=FLAGSTONE, body=body, **more)


def test_a_comment_with_a_mark_is_edited_in_place(forge, stand_in, number):
    first = say(forge, number, "Bronze", marker=MARK)
    assert (first.by.login, first.at, first.edited_at) == (BOT, stand_in.clock, None)
    for words in range(120):
        stand_in.known(REPO).comments.insert(0, stand_in.known(REPO).comments[0])
        stand_in.known(REPO).comments[0] = type(stand_in.known(REPO).comments[0])(
            10_000 + words, number, stand_in.add_account("mia"), "chatter", first.at, first.at
        )
    second = say(forge, number, "Silver", marker=MARK)
    assert (second.number, second.body) == (first.number, f"Silver\n\n{MARK}")
    assert second.edited_at == stand_in.clock
    assert len(stand_in.known(REPO).comments) == 121


def test_the_same_words_are_not_written_again(forge, stand_in, number):
    first = say(forge, number, "Bronze", marker=MARK)
    stand_in.server.requests.clear()
    assert say(forge, number, "Bronze", marker=MARK) == first
    assert {each.method for each in stand_in.server.requests} == {"GET"}


def test_somebody_who_quotes_us_is_not_overwritten(forge, stand_in, number):
    theirs = client(stand_in, "mia").get_repo(REPO).get_pull(number)
    theirs.create_issue_comment(f"> {MARK}\nReally?")
    say(forge, number, "Bronze", marker=MARK)
    say(forge, number, "Silver", marker=MARK)
    assert comments(stand_in) == [("mia", f"> {MARK}\nReally?"), (BOT, f"Silver\n\n{MARK}")]


def test_without_a_mark_each_comment_is_a_new_one_in_one_request(forge, stand_in, number):
    stand_in.server.requests.clear()
    say(forge, number, "One")
    say(forge, number, "One")
    assert len(stand_in.server.requests) == 2
    assert comments(stand_in) == [(BOT, "One"), (BOT, "One")]


def test_row_40_a_persons_words_are_quoted_and_cut(forge, number):
    comment = forge.upsert_comment(
        REPO, number, by=ADA, body="/merge @acme/all\n" + "x" * 70_000, marker=MARK
    )
    begin = "**Ada** says through Flagstone:\n\n> /merge @\u200bacme/all\n> xxx"
    assert comment.body.startswith(begin)
    assert len(comment.body) == 65_536
    assert comment.body.endswith(f"\n\n{MARK}")


def test_labels_are_replaced_and_missing_ones_made(forge, stand_in, number):
    assert forge.set_labels(REPO, number, ("b", "a", "b")).labels == ("a", "b")
    assert forge.set_labels(REPO, number, ("c",)).labels == ("c",)
    assert stand_in.known(REPO).labels == {"a", "b", "c"}


def test_row_25_without_the_right_to_label_the_pull_request_stays(forge, stand_in, number):
    stand_in.known(REPO).rights[BOT] = "read"
    with pytest.raises(PermissionDenied, match="Resource not accessible"):
        forge.set_labels(REPO, number, ("a",))
    stand_in.server.faults.append(Fault("PUT", Reply(404, said("Not Found"))))
    with pytest.raises(PermissionDenied, match="label pull request #1 in acme/gitops"):
        forge.set_labels(REPO, number, ("a",))
    assert forge.get_pull_request(REPO, number).labels == ()
    del stand_in.known(REPO).rights[BOT]
    with pytest.raises(PullRequestNotFound):
        forge.set_labels(REPO, 77, ("a",))


def test_row_25_who_cannot_review_is_named_and_the_others_are_asked(forge, stand_in, number):
    for login in ("mia", "leo", "sam"):
        stand_in.add_account(login)
    stand_in.known(REPO).rights["sam"] = "none"
    stand_in.server.requests.clear()
    with pytest.raises(ReviewersRefused) as caught:
        forge.request_reviewers(REPO, number, ("mia", BOT, "sam", "nobody", "leo", "mia"))
    assert caught.value.params["refused"] == [BOT, "sam", "nobody"]
    assert caught.value.message.startswith(
        f"{BOT}, sam, nobody cannot review pull request #1 of {REPO}: "
    )
    assert "Review cannot be requested from pull request author." in caught.value.message
    assert "not a collaborator" in caught.value.message
    asked = [each.login for each in stand_in.known(REPO).pulls[number].reviewers]
    assert asked == ["mia", "leo"]


def test_all_reviewers_are_asked_in_one_request(forge, stand_in, number):
    stand_in.add_account("mia")
    stand_in.add_account("leo")
    stand_in.server.requests.clear()
    forge.request_reviewers(REPO, number, ("mia", "leo"))
    forge.request_reviewers(REPO, number, ())
    assert len(stand_in.server.requests) == 1
    with pytest.raises(ReviewersRefused, match="nobody cannot review"):
        forge.request_reviewers(REPO, number, ("nobody",))
    assert len(stand_in.server.requests) == 2, "one alone is not asked twice"


def test_row_25_a_missing_right_is_none_of_the_reviewers_faults(forge, stand_in, number):
    stand_in.known(REPO).rights[BOT] = "read"
    with pytest.raises(PermissionDenied):
        forge.request_reviewers(REPO, number, ("mia", "leo"))
