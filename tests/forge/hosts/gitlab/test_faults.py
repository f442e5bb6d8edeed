"""What goes wrong with any request: limits, redirects, pages of HTML, and credentials that stay where they belong."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from flagstone.forge.errors import (
    AuthenticationFailed,
    ForgeError,
    OutcomeUnknown,
    PermissionDenied,
    PullRequestNotFound,
    RateLimited,
    RepositoryMoved,
    ServerError,
)
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.commits import BOT as COMMITTER
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import CommitStatus, MergeMethod, StatusState
from tests.forge.hosts.gitlab.conftest import ADA, BRANCH, PLACE, REPO, adapter, spec
from tests.http_server import Fault, Reply, serving
from tests.stand_ins.gitlab import TOKEN

HEAD = "a" * 40
AT = datetime(2026, 3, 2, tzinfo=UTC)
Ask = Callable[[Any], Any]
READS: dict[str, Ask] = {
    "describe": lambda forge: forge.get_repository(REPO),
    "find": lambda forge: forge.find_pull_request(REPO, source=BRANCH, target="main"),
    "get": lambda forge: forge.get_pull_request(REPO, 1),
    "touched": lambda forge: forge.touched_pull_requests(REPO),
    "files": lambda forge: forge.changed_files(REPO, 1),
    "list": lambda forge: list(forge.list_repositories("acme")),
    "webhooks": lambda forge: forge.list_webhooks(REPO),
    "statuses": lambda forge: forge.commit_statuses(REPO, HEAD),
}
PENDING = CommitStatus("c", StatusState.PENDING, "", AT)
FILES = ChangeSet({"README.md": FileContent(b"hi\n")})
META = CommitMeta("Begin", "", COMMITTER, AT)
WRITES: dict[str, Ask] = {
    "create": lambda forge: forge.create_pull_request(REPO, spec()),
    "update": lambda forge: forge.update_pull_request(REPO, 1, title="New"),
    "close": lambda forge: forge.close_pull_request(REPO, 1, by=ADA),
    "merge": lambda forge: forge.merge_pull_request(
        REPO, 1, expected_head=HEAD, method=MergeMethod.MERGE, by=ADA
    ),
    "comment": lambda forge: forge.upsert_comment(REPO, 1, by=ADA, body="b", marker="<!-- m -->"),
    "label": lambda forge: forge.set_labels(REPO, 1, ("a",)),
    "ask": lambda forge: forge.request_reviewers(REPO, 1, ("bob",)),
    "status": lambda forge: forge.set_commit_status(REPO, HEAD, PENDING),
    "make": lambda forge: forge.create_repository(REPO, description="", files=FILES, meta=META),
    "delete": lambda forge: forge.delete_repository(REPO, expected_head=HEAD),
}
EVERY = {**READS, **WRITES}
NONSENSE: dict[str, Any] = {
    "a page": b"<html>maintenance</html>",
    "half a JSON": b'[{"iid": 1,',
    "a number": 3,
    "an empty object": {},
    "a list of numbers": [3],
    "a list of nothing": [None],
    "null": b"null",
    "deep": b"[" * 100_000,
    "deep words": {"message": [[[[[{"a": [["x"]]}]]]]]},
}


def speaking_to(url: str) -> Any:
    return adapter(f"{url}/api/v4", url)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("nonsense", NONSENSE)
def test_row_41_nonsense_is_an_error_with_words(name, nonsense):
    wrong = pytest.raises((ServerError, OutcomeUnknown), match=r"forge\.example")
    with serving(lambda _: Reply(200, NONSENSE[nonsense])) as server, wrong:
        EVERY[name](speaking_to(server.url))


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("nonsense", NONSENSE)
def test_row_41_nonsense_as_the_answer_to_a_write_leaves_its_outcome_unknown_or_is_not_read(
    stand_in, forge, topic, name, nonsense
):
    if name != "create":
        forge.create_pull_request(REPO, spec())
    told = Reply(200, NONSENSE[nonsense])
    stand_in.server.faults += [Fault(f"{how} /", told) for how in ("POST", "PUT", "DELETE")]
    asks = {
        **WRITES,
        "merge": lambda forge: forge.merge_pull_request(
            REPO, 1, expected_head=topic, method=MergeMethod.MERGE, by=ADA
        ),
        "status": lambda forge: forge.set_commit_status(REPO, topic, PENDING),
        "make": lambda forge: forge.create_repository(
            "acme/two", description="", files=FILES, meta=META
        ),
        "ask": lambda forge: forge.request_reviewers(REPO, 1, ("bob",)),
        "delete": lambda forge: forge.delete_repository("acme/one", expected_head=one),
    }
    stand_in.add_person("bob")
    stand_in.repository("acme/one")
    one = stand_in.bare("acme/one").heads()["main"]
    unread = name in {"status", "delete"} and nonsense not in ("a page", "half a JSON", "deep")
    if unread:
        asks[name](forge)
    else:
        with pytest.raises(OutcomeUnknown):
            asks[name](forge)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(401, {"message": "401 Unauthorized"}), AuthenticationFailed),
        (Reply(429, b"Retry later\n", {"Retry-After": "7"}), RateLimited),
        (Reply(403, {"message": "abuse"}, {"Retry-After": "30"}), RateLimited),
        (Reply(301, b"Moved", {"Location": "https://elsewhere.example/api/v4/projects/7"}), RepositoryMoved),
        (Reply(500, b"<html>oops</html>"), ServerError),
    ],
)  # fmt: skip
def test_rows_21_and_28_what_any_request_may_be_answered(name, reply, kind):
    with serving(lambda _: reply) as server:
        expected = (kind, OutcomeUnknown) if kind is ServerError else kind
        with pytest.raises(expected):
            EVERY[name](speaking_to(server.url))
        assert len(server.requests) == 1, "nothing is sent again"


def test_row_21_a_limit_pauses_everybody_and_one_more_request_opens_it(
    stand_in, forge, pace, topic
):
    limit = Reply(429, b"Retry later\n", {"Retry-After": "42"})
    stand_in.server.faults.append(Fault("POST", limit))
    with pytest.raises(RateLimited) as caught:
        forge.create_pull_request(REPO, spec())
    assert (caught.value.retry_after, pace.paused) == (42.0, [42.0])
    assert forge.create_pull_request(REPO, spec()).number == 1
    assert len(stand_in.server.sent("POST")) == 2


def test_row_21_a_limit_without_a_wait_tells_when_it_ends(stand_in, forge, pace, topic):
    told = {"RateLimit-Limit": "60", "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(int(time.time()) + 50)}  # fmt: skip
    stand_in.server.faults.append(Fault("POST", Reply(429, b"Retry later\n", told)))
    with pytest.raises(RateLimited) as caught:
        forge.create_pull_request(REPO, spec())
    assert 45 <= caught.value.retry_after <= 50
    stand_in.server.faults.append(Fault("POST", Reply(429, b"Retry later\n")))
    with pytest.raises(RateLimited) as caught:
        forge.create_pull_request(REPO, spec())
    assert caught.value.retry_after == 60


def test_row_21_a_missing_right_is_not_taken_for_a_limit(stand_in, forge, pace, topic):
    told = {"error": "insufficient_scope", "error_description": "needs the scope api"}
    stand_in.server.faults.append(Fault("POST", Reply(403, told)))
    with pytest.raises(PermissionDenied, match="insufficient_scope"):
        forge.create_pull_request(REPO, spec())
    assert pace.paused == []


def test_row_28_a_credential_follows_nobody_to_another_host(stand_in, forge, topic):
    with serving(lambda _: Reply(200, {})) as other:
        for status in (301, 302, 307, 308):
            place = f"{other.url}/api/v4/projects/evil%2Fgitops"
            stand_in.server.faults.append(Fault(PLACE, Reply(status, b"", {"Location": place})))
            with pytest.raises(RepositoryMoved, match="evil%2Fgitops"):
                forge.get_repository(REPO)
        assert other.requests == []


def test_row_28_pages_are_asked_for_here_whatever_link_says(stand_in, forge, topic):
    for number in range(120):
        stand_in.add_project(f"many/p{number}")
    answer = stand_in.server.answer

    def misled(request):
        reply = answer(request)
        link = '<http://internal.example/api/v4/groups/many/projects?page=2>; rel="next"'
        return Reply(reply.status, reply.body, {**reply.headers, "Link": link})

    stand_in.server.answer = misled
    assert len(list(forge.list_repositories("many"))) == 120


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 405, 409, 422, 500])
def test_row_29_a_credential_is_in_no_error_and_no_log(name, status, caplog):
    caplog.set_level(logging.DEBUG)
    echo = {
        "message": {"base": [f"bad token {TOKEN}"]},
        "error": f"PRIVATE-TOKEN: {TOKEN}",
        "title": TOKEN,
    }
    with (
        serving(lambda _: Reply(status, echo, {"Location": "/x"})) as server,
        pytest.raises(ForgeError) as caught,
    ):
        EVERY[name](speaking_to(server.url))
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.params)
    assert TOKEN not in shown
    assert TOKEN not in caplog.text
    assert all(TOKEN not in request.path for request in server.requests)
    assert all(TOKEN.encode() not in request.body for request in server.requests)


def test_row_29_git_keeps_the_credential_out_of_addresses_and_files(stand_in, forge):
    remote = forge.git_remote(REPO)
    assert remote.url == f"{stand_in.web_url}/{REPO}.git"
    assert TOKEN not in repr(remote)
    with GitWorkspace(remote) as workspace:
        assert set(workspace.observe().branches) == {"main"}
        assert {request.user for request in stand_in.git.requests} == {"oauth2"}
        written = [path.read_bytes() for path in workspace._folder.rglob("*") if path.is_file()]
    assert all(TOKEN.encode() not in content for content in written)


def test_row_29_git_shows_no_credential_when_it_is_refused(stand_in, forge, topic):
    stand_in.git.users["oauth2"] = "another"
    with pytest.raises(ForgeError) as caught:
        forge.delete_branch(REPO, BRANCH, expected=topic)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.params)
    sent = stand_in.git.requests[0].authorization.rpartition(" ")[2]
    assert sent
    assert TOKEN not in shown
    assert sent not in shown
    assert stand_in.bare(REPO).heads()[BRANCH] == topic


def test_a_missing_merge_request_is_told_by_every_question(stand_in, forge):
    for name in ("get", "files", "update", "close", "merge", "label", "ask"):
        with pytest.raises(PullRequestNotFound):
            EVERY[name](forge)
