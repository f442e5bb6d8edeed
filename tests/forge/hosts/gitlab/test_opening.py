"""Opening a merge request where the answer is lost, or is a refusal: nothing is opened twice."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import (
    AlreadyExists,
    AuthenticationFailed,
    NotAllowed,
    NotYetConsistent,
    OutcomeUnknown,
    Permanent,
    PermissionDenied,
    PolicyRejected,
    QuotaExceeded,
    RefNotFound,
    RepositoryArchived,
    RepositoryGone,
)
from flagstone.forge.hosts.base import PullRequestState
from flagstone.forge.hosts.gitlab.texts import LONGEST_BODY
from flagstone.forge.hosts.markers import change_marker, marked_change
from tests.forge.hosts.gitlab.conftest import BRANCH, CHANGE, PLACE, REPO, spec
from tests.http_server import Fault, Reply
from tests.stand_ins.gitlab import BOT

POST = f"POST /api/v4{PLACE}/merge_requests"


def opened(stand_in):
    return list(stand_in.known(REPO).merge_requests)


def test_what_is_sent_and_what_comes_back(stand_in, forge, topic):
    pull = forge.create_pull_request(REPO, spec())
    [request] = stand_in.server.requests
    assert request.json == {
        "title": "Raise the limit",
        "description": f"It is too low.\n\n{change_marker(CHANGE)}",
        "source_branch": BRANCH,
        "target_branch": "main",
        "remove_source_branch": True,
    }
    assert (pull.number, pull.state, pull.head) == (1, PullRequestState.OPEN, topic)
    assert (pull.is_draft, pull.ready_at) == (False, pull.opened_at)
    assert "token" not in request.path


def test_a_branch_of_somebodys_own_is_not_removed_by_the_merge(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec(change_id=None))
    assert stand_in.server.requests[0].json["remove_source_branch"] is False


def test_a_branch_does_not_lead_to_itself(stand_in, forge, topic):
    with pytest.raises(NotAllowed, match="another branch than"):
        forge.create_pull_request(REPO, spec(target=BRANCH))
    assert stand_in.server.requests == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(POST, cuts=True, is_done=True),
        Fault(POST, Reply(502, b"<html>bad gateway</html>"), is_done=True),
        Fault(POST, Reply(201, b"<html>welcome</html>"), is_done=True),
        Fault(POST, Reply(201, b'{"iid": 1, "ti'), is_done=True),
        Fault(POST, Reply(201, {"iid": 1}), is_done=True),
        Fault(POST, Reply(201, []), is_done=True),
        Fault(POST, Reply(201, b"null"), is_done=True),
    ],
    ids=["cut", "502", "a page", "half a JSON", "too little", "a list", "null"],
)
def test_rows_16_24_and_41_what_was_opened_without_an_answer_is_found(
    stand_in, forge, topic, fault
):
    stand_in.server.faults.append(fault)
    with pytest.raises(OutcomeUnknown) as caught:
        forge.create_pull_request(REPO, spec())
    assert caught.value.retryable
    assert len(stand_in.server.sent(POST)) == 1
    found = forge.find_pull_request(REPO, source=BRANCH, target="main")
    assert (found.number, marked_change(found.body)) == (1, CHANGE)
    assert opened(stand_in) == [1]


@pytest.mark.parametrize("fault", [Fault(POST, Reply(500), cuts=True), Fault(POST, Reply(500))])
def test_row_24_what_was_not_opened_is_not_found(stand_in, forge, topic, fault):
    stand_in.server.faults.append(fault)
    with pytest.raises(OutcomeUnknown):
        forge.create_pull_request(REPO, spec())
    assert forge.find_pull_request(REPO, source=BRANCH, target="main") is None
    assert forge.create_pull_request(REPO, spec()).number == 1
    assert opened(stand_in) == [1]


def test_row_17_an_open_one_is_told_with_its_number(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec())
    with pytest.raises(AlreadyExists, match="!1 of acme/payments/checkout leads from") as caught:
        forge.create_pull_request(REPO, spec())
    assert caught.value.params["number"] == 1
    assert opened(stand_in) == [1]


@pytest.mark.parametrize("status", [400, 409, 422])
def test_row_17_a_second_look_decides_and_not_the_words(stand_in, forge, topic, status):
    forge.create_pull_request(REPO, spec())
    stand_in.server.faults.append(Fault(POST, Reply(status, {"message": "in another language"})))
    with pytest.raises(AlreadyExists):
        forge.create_pull_request(REPO, spec())


def test_row_17_a_conflict_that_a_second_look_does_not_explain_is_waited_for(
    stand_in, forge, topic
):
    words = ["Another open merge request already exists for this source branch: !9"]
    stand_in.server.faults.append(Fault(POST, Reply(409, {"message": words})))
    with pytest.raises(NotYetConsistent, match=r"source branch: !9. There is no open one"):
        forge.create_pull_request(REPO, spec())
    assert forge.create_pull_request(REPO, spec()).number == 1


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, {"source_branch": ["does not exist"]}),
        (404, "404 Not found"),
        (422, {"validate_branches": ["Source branch does not exist"]}),
    ],
)
def test_row_18_a_branch_that_is_there_is_waited_for(stand_in, forge, topic, status, message):
    stand_in.server.faults.append(Fault(POST, Reply(status, {"message": message})))
    with pytest.raises(NotYetConsistent, match="opens no merge request of it yet") as caught:
        forge.create_pull_request(REPO, spec())
    assert caught.value.retryable
    assert forge.create_pull_request(REPO, spec()).number == 1


def test_row_18_a_branch_that_is_not_shown_is_waited_for(forge):
    with pytest.raises(NotYetConsistent, match="does not show the branch"):
        forge.create_pull_request(REPO, spec())


def test_a_missing_target_is_not_waited_for(forge, topic):
    with pytest.raises(RefNotFound, match="'release/1' is not in acme/payments/checkout"):
        forge.create_pull_request(REPO, spec(target="release/1"))


def test_what_else_is_refused_is_so_for_good_in_the_hosts_words(stand_in, forge, topic):
    words = {"title": ["is too long (maximum is 255 characters)"], "base": ["no", "never"]}
    for status, kind in ((400, Permanent), (422, PolicyRejected)):
        stand_in.server.faults.append(Fault(POST, Reply(status, {"message": words})))
        with pytest.raises(kind, match=r"title is too long .*; base no, never") as caught:
            forge.create_pull_request(REPO, spec())
        assert not caught.value.retryable


@pytest.mark.parametrize("is_there", [True, False])
def test_row_23_a_hidden_project_is_told_as_missing_or_hidden(stand_in, forge, topic, is_there):
    name = REPO if is_there else "acme/secret"
    stand_in.users[BOT].may_read = False
    with pytest.raises(RepositoryGone, match="does not have it, or hides it from this credential"):
        forge.create_pull_request(name, spec())


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(401, {"message": "401 Unauthorized"}), AuthenticationFailed, "does not accept"),
        (Reply(403, {"error": "insufficient_scope", "error_description": "needs api"}), PermissionDenied,
         "insufficient_scope"),
        (Reply(413, {"message": "over the limit"}), QuotaExceeded, "no room"),
    ],
)  # fmt: skip
def test_row_26_a_refusal_is_for_good(stand_in, forge, topic, reply, kind, words):
    stand_in.server.faults.append(Fault(POST, reply))
    with pytest.raises(kind, match=words) as caught:
        forge.create_pull_request(REPO, spec())
    assert not caught.value.retryable
    assert opened(stand_in) == []


def test_row_26_an_archived_project_takes_nothing_and_is_told_as_such(stand_in, forge, topic):
    stand_in.known(REPO).archived = True
    with pytest.raises(RepositoryArchived, match="Unarchive it in its settings"):
        forge.create_pull_request(REPO, spec())
    assert forge.get_repository(REPO).is_archived


def test_row_40_a_long_body_is_cut_and_the_mark_survives(stand_in, forge, topic):
    body = f"{change_marker(CHANGE)} " + "x" * LONGEST_BODY
    forge.create_pull_request(REPO, spec(body=body))
    description = stand_in.known(REPO).merge_requests[1].description
    assert len(description) == LONGEST_BODY
    assert description.endswith(f"takes no longer text._\n\n{change_marker(CHANGE)}")
    assert description.count("flagstone:change-request") == 1


def test_row_40_a_body_fits_where_bytes_are_counted(stand_in, forge, topic):
    forge.create_pull_request(REPO, spec(body="😀" * LONGEST_BODY))
    description = stand_in.known(REPO).merge_requests[1].description
    assert 990_000 < len(description.encode()) < 1_048_576
    assert marked_change(description) == CHANGE


def test_row_40_a_persons_line_is_no_command_to_gitlab(stand_in, forge, topic):
    pull = forge.create_pull_request(REPO, spec(body="Hello\n/merge\n/close\n/approve"))
    assert (pull.state, pull.body[:21]) == (PullRequestState.OPEN, "Hello\n\\/merge\n\\/close")
    pull = forge.update_pull_request(REPO, 1, body="/close\n")
    assert (pull.state, pull.reviews, marked_change(pull.body)) == (
        PullRequestState.OPEN,
        (),
        CHANGE,
    )
