"""A pull request is asked for once; what GitHub says, or fails to say, is told apart by a second look."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import (
    AlreadyExists,
    NotYetConsistent,
    OutcomeUnknown,
    PolicyRejected,
    TransportError,
)
from flagstone.forge.hosts.base import MergeMethod, PullRequestState
from flagstone.forge.hosts.markers import marked_change
from tests.forge.hosts.github.conftest import ADA, BRANCH, CHANGE, REPO, adapter, client, spec
from tests.http_server import Fault, Reply
from tests.stand_ins.github_state import said

OPEN = f"POST /repos/{REPO}/pulls"


def found(forge, **more):
    return forge.find_pull_request(REPO, source=BRANCH, target="main", **more)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(OPEN, cuts=True, is_done=True),
        Fault(OPEN, Reply(502, b"<html>bad gateway</html>"), is_done=True),
        Fault(OPEN, Reply(201, {"number": 1}), is_done=True),
        Fault(OPEN, Reply(201, b'{"number": 1, "ti'), is_done=True),
    ],
    ids=["cut", "502", "another body", "half a body"],
)
def test_row_16_without_an_answer_it_is_looked_for_and_found_by_branch_and_mark(
    forge, stand_in, topic, fault
):
    stand_in.server.faults.append(fault)
    with pytest.raises(OutcomeUnknown):
        forge.create_pull_request(REPO, spec())
    assert len(stand_in.server.sent(OPEN)) == 1
    assert marked_change(found(forge).body) == CHANGE
    with pytest.raises(AlreadyExists):
        forge.create_pull_request(REPO, spec())
    assert len(stand_in.known(REPO).pulls) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("is_done", [True, False])
def test_row_24_after_a_5xx_a_look_tells_whether_it_was_done(
    forge, stand_in, topic, status, is_done
):
    stand_in.server.faults.append(Fault(OPEN, Reply(status), is_done=is_done))
    with pytest.raises(OutcomeUnknown, match=f"answered {status}"):
        forge.create_pull_request(REPO, spec())
    assert (found(forge) is not None) is is_done
    assert len(stand_in.server.sent(OPEN)) == 1


def test_what_never_left_is_no_riddle(stand_in, topic):
    forge = adapter(stand_in)
    forge._api.transport.base_url = "http://127.0.0.1:9"
    with pytest.raises(TransportError, match=r"cannot be reached at 127\.0\.0\.1:9"):
        forge.create_pull_request(REPO, spec())


def test_row_17_an_open_one_is_told_by_a_look_and_not_by_words(forge, stand_in, topic):
    first = forge.create_pull_request(REPO, spec())
    stand_in.server.faults.append(Fault(OPEN, Reply(422, said("Validierung fehlgeschlagen"))))
    with pytest.raises(AlreadyExists, match=f"#1 of {REPO} leads from {BRANCH}") as caught:
        forge.create_pull_request(REPO, spec())
    assert caught.value.params["number"] == first.number


def test_row_17_somebody_elses_carries_no_mark(forge, stand_in, topic):
    client(stand_in, "mia").get_repo(REPO).create_pull(
        base="main", head=BRANCH, title="Mine", body="By hand"
    )
    with pytest.raises(AlreadyExists):
        forge.create_pull_request(REPO, spec())
    theirs = found(forge)
    assert (theirs.author.login, marked_change(theirs.body)) == ("mia", None)


@pytest.mark.parametrize(
    "error",
    [
        {"resource": "PullRequest", "field": "head", "code": "invalid"},
        {"resource": "PullRequest", "code": "custom", "message": f"No commits between main and {BRANCH}"},
    ],
    ids=["invalid head", "no commits"],
)  # fmt: skip
def test_row_18_what_was_just_pushed_is_not_seen_yet(forge, stand_in, topic, error):
    stand_in.server.faults.append(Fault(OPEN, Reply(422, said("Validation Failed", error))))
    with pytest.raises(NotYetConsistent, match="does not see the commits") as caught:
        forge.create_pull_request(REPO, spec())
    assert caught.value.retryable
    assert forge.create_pull_request(REPO, spec()).number == 1


def test_row_18_so_it_is_with_a_branch_that_is_gone(forge):
    with pytest.raises(NotYetConsistent):
        forge.create_pull_request(REPO, spec())


def test_any_other_refusal_is_githubs_own(forge, stand_in, topic):
    with pytest.raises(PolicyRejected, match="Validation Failed; invalid"):
        forge.create_pull_request(REPO, spec(target="gone"))
    for errors in (None, "words", [None, 3], [{"message": None}]):
        body = {"message": "No.", "errors": errors}
        stand_in.server.faults.append(Fault(OPEN, Reply(422, body)))
        with pytest.raises(PolicyRejected, match=r"It said: No\."):
            forge.create_pull_request(REPO, spec())


def test_row_19_one_that_a_person_closed_is_found_closed(forge, stand_in, topic):
    stand_in.server.faults.append(Fault(OPEN, cuts=True, is_done=True))
    with pytest.raises(OutcomeUnknown):
        forge.create_pull_request(REPO, spec())
    client(stand_in, "mia").get_repo(REPO).get_pull(1).edit(state="closed")
    closed = found(forge)
    assert (closed.number, closed.state) == (1, PullRequestState.CLOSED)
    assert (closed.closed_by.login, closed.closed_at) == ("mia", stand_in.clock)
    assert found(forge, state=PullRequestState.OPEN) is None


def test_row_20_one_that_a_person_merged_is_found_merged(forge, stand_in, topic):
    stand_in.server.faults.append(Fault(OPEN, cuts=True, is_done=True))
    with pytest.raises(OutcomeUnknown):
        forge.create_pull_request(REPO, spec())
    done = client(stand_in, "mia").get_repo(REPO).get_pull(1).merge()
    merged = found(forge)
    assert (merged.number, merged.state) == (1, PullRequestState.MERGED)
    assert (merged.merge, merged.head, merged.closed_by.login) == (done.sha, topic, "mia")
    again = forge.merge_pull_request(REPO, 1, expected_head=topic, method=MergeMethod.MERGE, by=ADA)
    assert again.merge == done.sha


def test_row_40_a_body_is_cut_where_it_must_be_and_keeps_its_mark(forge, topic):
    opened = forge.create_pull_request(REPO, spec(title="x" * 300, body="@all <b>\n" * 20_000))
    assert len(opened.body) == 65_536
    assert "The rest is left out" in opened.body
    assert marked_change(opened.body) == CHANGE
    assert opened.title == "x" * 255 + "…"
