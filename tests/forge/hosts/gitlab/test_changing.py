"""Words, end, labels and reviewers of a merge request that is there."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import (
    NotAllowed,
    OutcomeUnknown,
    PermissionDenied,
    PolicyRejected,
    PullRequestNotOpen,
    ReviewersRefused,
)
from flagstone.forge.hosts.base import PullRequestState, Verdict
from flagstone.forge.hosts.markers import change_marker, marked_change
from tests.forge.hosts.gitlab.conftest import ADA, CHANGE, PLACE, REPO, seen_by, spec
from tests.http_server import Fault, Reply
from tests.stand_ins.gitlab import BOT

PUT = f"PUT /api/v4{PLACE}/merge_requests/1"


@pytest.fixture(autouse=True)
def opened(forge, topic, stand_in):
    forge.create_pull_request(REPO, spec())
    stand_in.server.requests.clear()


def puts(stand_in):
    return [request.json for request in stand_in.server.sent("PUT ")]


def reviewers(stand_in):
    return [user.username for user in stand_in.known(REPO).merge_requests[1].reviewers]


def test_only_what_differs_is_sent_and_the_mark_stays(stand_in, forge):
    pull = forge.update_pull_request(REPO, 1, title="Raise\nit", body="Now.")
    assert puts(stand_in) == [
        {"title": "Raise it", "description": f"Now.\n\n{change_marker(CHANGE)}"}
    ]
    assert (pull.title, marked_change(pull.body)) == ("Raise it", CHANGE)
    forge.update_pull_request(REPO, 1, title="Raise it", body="Now.", is_draft=False)
    assert len(puts(stand_in)) == 1


def test_a_new_title_leaves_a_draft_one(stand_in, forge):
    assert forge.update_pull_request(REPO, 1, is_draft=True).is_draft
    pull = forge.update_pull_request(REPO, 1, title="Another")
    assert (pull.title, pull.is_draft) == ("Another", True)
    assert puts(stand_in) == [{"title": "Draft: Raise the limit"}, {"title": "Draft: Another"}]


def test_what_is_closed_takes_new_words_and_turns_into_no_draft(forge):
    forge.close_pull_request(REPO, 1, by=ADA)
    assert forge.update_pull_request(REPO, 1, title="Another").title == "Another"
    with pytest.raises(PullRequestNotOpen, match="!1 is closed already"):
        forge.update_pull_request(REPO, 1, is_draft=True)


def test_closing_again_does_nothing(stand_in, forge):
    for _ in range(2):
        pull = forge.close_pull_request(REPO, 1, by=ADA)
        assert (pull.state, pull.closed_by.login) == (PullRequestState.CLOSED, BOT)
        assert pull.closed_at == stand_in.known(REPO).merge_requests[1].closed_at
    assert puts(stand_in) == [{"state_event": "close"}]


def test_what_was_merged_is_not_closed(stand_in, forge):
    seen_by(stand_in, "bob").merge()
    with pytest.raises(PullRequestNotOpen, match="!1 is merged already"):
        forge.close_pull_request(REPO, 1, by=ADA)


def test_what_is_merged_while_it_is_being_closed_is_told(stand_in, forge):
    answer = stand_in.server.answer

    def merging(request):
        if request.method == "PUT":
            project = stand_in.known(REPO)
            stand_in.merge(project, project.merge_requests[1], stand_in.users[BOT])
        return answer(request)

    stand_in.server.answer = merging
    with pytest.raises(PullRequestNotOpen, match="!1 is merged already"):
        forge.close_pull_request(REPO, 1, by=ADA)


@pytest.mark.parametrize("fault", [Fault(PUT, cuts=True, is_done=True), Fault(PUT, Reply(500))])
def test_row_24_a_change_without_an_answer_may_be_made_again(stand_in, forge, fault):
    stand_in.server.faults.append(fault)
    with pytest.raises(OutcomeUnknown):
        forge.close_pull_request(REPO, 1, by=ADA)
    assert forge.close_pull_request(REPO, 1, by=ADA).state is PullRequestState.CLOSED


def test_a_review_is_given_at_gitlab(stand_in, forge):
    with pytest.raises(NotAllowed, match="second pair of eyes") as caught:
        forge.submit_review(REPO, 1, by=ADA, verdict=Verdict.APPROVED)
    assert caught.value.code == "forge.reviews_at_the_host"
    assert stand_in.server.requests == []


def test_labels_are_these_and_no_others_and_missing_ones_are_made(stand_in, forge):
    assert forge.set_labels(REPO, 1, ("two", "one", "one")).labels == ("one", "two")
    assert forge.set_labels(REPO, 1, ("one",)).labels == ("one",)
    assert forge.set_labels(REPO, 1, ("one",)).labels == ("one",)
    assert forge.set_labels(REPO, 1, ()).labels == ()
    assert puts(stand_in) == [{"labels": "one,two"}, {"labels": "one"}, {"labels": ""}]
    assert stand_in.known(REPO).labels == {"one", "two"}


def test_row_25_labels_that_may_not_be_made_are_named_and_the_others_set(stand_in, forge):
    project = stand_in.known(REPO)
    project.labels, project.may_label = {"known"}, False
    with pytest.raises(PermissionDenied, match="did not put 'new' on merge request !1") as caught:
        forge.set_labels(REPO, 1, ("known", "new"))
    assert caught.value.params["labels"] == ["new"]
    assert project.merge_requests[1].labels == ["known"]


def test_row_25_a_label_that_gitlab_would_take_for_two_is_refused(stand_in, forge):
    with pytest.raises(PolicyRejected, match="no labels with a comma in their names: 'a,b'"):
        forge.set_labels(REPO, 1, ("a,b",))
    assert stand_in.server.requests == []


def test_reviewers_are_asked_besides_those_who_are_asked_already(stand_in, forge):
    for name in ("bob", "mia", "zoe"):
        stand_in.add_person(name)
    forge.request_reviewers(REPO, 1, ("bob",))
    forge.request_reviewers(REPO, 1, ("mia", "zoe"))
    forge.request_reviewers(REPO, 1, ("bob", "mia"))
    forge.request_reviewers(REPO, 1, ())
    assert reviewers(stand_in) == ["bob", "mia", "zoe"]
    assert len(puts(stand_in)) == 2


def test_row_25_who_cannot_be_asked_is_named_and_the_others_are_asked(stand_in, forge):
    stand_in.add_person("bob")
    stand_in.add_person("stranger", may_read=False)
    with pytest.raises(ReviewersRefused, match=f"{BOT}, nobody, stranger to review") as caught:
        forge.request_reviewers(REPO, 1, ("bob", "nobody", "stranger", BOT))
    assert caught.value.params["logins"] == [BOT, "nobody", "stranger"]
    assert reviewers(stand_in) == ["bob"]
    assert forge.get_pull_request(REPO, 1).state is PullRequestState.OPEN


def test_row_25_a_gitlab_that_takes_one_reviewer_names_the_others(stand_in, forge):
    stand_in.known(REPO).most_reviewers = 1
    for name in ("bob", "mia"):
        stand_in.add_person(name)
    with pytest.raises(ReviewersRefused, match="does not ask mia"):
        forge.request_reviewers(REPO, 1, ("bob", "mia"))
    assert reviewers(stand_in) == ["bob"]


def test_a_login_is_the_same_in_other_letters_case(stand_in, forge):
    stand_in.add_person("bob")
    forge.request_reviewers(REPO, 1, ("Bob",))
    assert reviewers(stand_in) == ["bob"]
