"""Opening a pull request where the answer is lost, or is a refusal: nothing is opened twice."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import (
    AlreadyExists,
    AuthenticationFailed,
    NotYetConsistent,
    OutcomeUnknown,
    PermissionDenied,
    PolicyRejected,
    QuotaExceeded,
    RefNotFound,
    RepositoryArchived,
    RepositoryGone,
)
from flagstone.forge.hosts.markers import marked_change
from tests.forge.hosts.gitea.conftest import BRANCH, CHANGE, REPO, spec
from tests.http_server import Fault, Reply

POST = f"POST /api/v1/repos/{REPO}/pulls"


def opened(stand_in):
    return list(stand_in.known(REPO).pulls)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(POST, cuts=True, is_done=True),
        Fault(POST, Reply(502, b"<html>bad gateway</html>"), is_done=True),
        Fault(POST, Reply(201, b"<html>welcome</html>"), is_done=True),
        Fault(POST, Reply(201, b'{"number": 1, "ti'), is_done=True),
        Fault(POST, Reply(201, {"number": 1}), is_done=True),
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
    with pytest.raises(AlreadyExists, match="#1 leads from") as caught:
        forge.create_pull_request(REPO, spec())
    assert caught.value.params["number"] == 1
    assert opened(stand_in) == [1]


def test_row_17_a_conflict_that_a_second_look_does_not_explain_stays_one(stand_in, forge, topic):
    stand_in.server.faults.append(Fault(POST, Reply(409, {"message": "something else"})))
    with pytest.raises(PolicyRejected, match="something else"):
        forge.create_pull_request(REPO, spec())


@pytest.mark.parametrize("status", [404, 422])
def test_row_18_a_branch_that_is_there_is_waited_for(stand_in, forge, topic, status):
    stand_in.server.faults.append(Fault(POST, Reply(status, {"message": "invalid head"})))
    with pytest.raises(NotYetConsistent, match="invalid head") as caught:
        forge.create_pull_request(REPO, spec())
    assert caught.value.retryable
    assert forge.create_pull_request(REPO, spec()).number == 1


def test_row_18_a_branch_that_is_not_shown_is_waited_for(forge):
    with pytest.raises(NotYetConsistent, match="does not show the branch"):
        forge.create_pull_request(REPO, spec())


def test_a_missing_target_is_not_waited_for(forge, topic):
    with pytest.raises(RefNotFound, match="'release/1' is not in acme/gitops"):
        forge.create_pull_request(REPO, spec(target="release/1"))


def test_row_23_a_hidden_repository_is_told_as_missing_or_hidden(forge):
    with pytest.raises(RepositoryGone, match="does not have it, or hides it from this credential"):
        forge.create_pull_request("acme/secret", spec())


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(401, {"message": "token expired"}), AuthenticationFailed, "does not accept"),
        (Reply(403, {"message": "token does not have [write:repository]"}), PermissionDenied, "write:repository"),
        (Reply(413, {"message": "quota exceeded"}), QuotaExceeded, "no room"),
        (Reply(423, {"message": "acme/gitops is archived"}), RepositoryArchived, "read-only"),
    ],
)  # fmt: skip
def test_rows_22_and_26_a_refusal_is_for_good_and_in_the_hosts_words(
    stand_in, forge, topic, reply, kind, words
):
    stand_in.server.faults.append(Fault(POST, reply))
    with pytest.raises(kind, match=words) as caught:
        forge.create_pull_request(REPO, spec())
    assert not caught.value.retryable
    assert len(stand_in.server.requests) == 1


def test_row_26_an_archived_repository_takes_nothing(stand_in, forge, topic):
    stand_in.known(REPO).is_archived = True
    with pytest.raises(RepositoryArchived):
        forge.create_pull_request(REPO, spec())
    assert forge.get_repository(REPO).is_archived
