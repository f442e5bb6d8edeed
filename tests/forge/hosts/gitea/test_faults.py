"""What goes wrong with any request: limits, redirects, pages of HTML, and credentials that stay where they belong."""

from __future__ import annotations

import logging
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
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import CommitStatus, MergeMethod, StatusState
from tests.forge.hosts.gitea.conftest import ADA, BRANCH, REPO, adapter, spec
from tests.http_server import Fault, Reply, serving
from tests.stand_ins.gitea import TOKEN

HEAD = "a" * 40
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
PENDING = CommitStatus("c", StatusState.PENDING, "", datetime(2026, 3, 2, tzinfo=UTC))
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
    "delete": lambda forge: forge.delete_repository(REPO, expected_head=HEAD),
}
EVERY = {**READS, **WRITES}
NONSENSE: dict[str, Any] = {
    "a page": b"<html>maintenance</html>",
    "half a JSON": b'[{"number": 1,',
    "a number": 3,
    "an empty object": {},
    "a list of numbers": [3],
    "a list of nothing": [None],
    "null": b"null",
    "deep": b"[" * 100_000,
}
# an empty list may be null, and of the answers to these writes nothing is read but that they are JSON
FINE = {
    (name, "null")
    for name in ("find", "touched", "files", "list", "webhooks", "statuses", "status")
}
FINE |= {
    ("ask", nonsense) for nonsense in NONSENSE if nonsense not in ("a page", "half a JSON", "deep")
}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("nonsense", NONSENSE)
def test_row_41_nonsense_is_an_error_with_words_or_nothing_at_all(name, nonsense):
    with serving(lambda _: Reply(200, NONSENSE[nonsense])) as server:
        forge = _speaking_to(server.url)
        if (name, nonsense) in FINE:
            assert not EVERY[name](forge)
            return
        with pytest.raises((ServerError, OutcomeUnknown), match=r"forge\.example"):
            EVERY[name](forge)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(401, {"message": "bad token"}), AuthenticationFailed),
        (Reply(429, {"message": "slow"}, {"Retry-After": "7"}), RateLimited),
        (Reply(403, {"message": "abuse"}, {"Retry-After": "30"}), RateLimited),
        (Reply(301, {}, {"Location": "https://elsewhere.example/api/v1/repos/new/name"}), RepositoryMoved),
        (Reply(500, b"<html>oops</html>"), ServerError),
    ],
)  # fmt: skip
def test_rows_21_and_28_what_any_request_may_be_answered(name, reply, kind):
    with serving(lambda _: reply) as server:
        expected = (kind, OutcomeUnknown) if kind is ServerError else kind
        with pytest.raises(expected):
            EVERY[name](_speaking_to(server.url))
        assert len(server.requests) <= 2, "nothing is sent again"


def _speaking_to(url):
    class Elsewhere:
        def __init__(self):
            self.url = f"{url}/api/v1"
            self.web_url = url

    return adapter(Elsewhere())


def test_row_21_a_limit_pauses_everybody_and_one_more_request_opens_it(
    stand_in, forge, pace, topic
):
    limit = Reply(429, {"message": "Too many"}, {"Retry-After": "42"})
    stand_in.server.faults.append(Fault("POST", limit))
    with pytest.raises(RateLimited) as caught:
        forge.create_pull_request(REPO, spec())
    assert (caught.value.retry_after, pace.paused) == (42.0, [42.0])
    assert forge.create_pull_request(REPO, spec()).number == 1
    assert len(stand_in.server.sent("POST")) == 2


def test_row_22_a_missing_right_is_not_taken_for_a_limit(stand_in, forge, pace, topic):
    words = "token does not have at least one of required scope(s): [write:repository]"
    stand_in.server.faults.append(Fault("POST", Reply(403, {"message": words})))
    with pytest.raises(PermissionDenied, match=r"required scope\(s\): \[write:repository\]"):
        forge.create_pull_request(REPO, spec())
    assert pace.paused == []


def test_row_28_a_credential_follows_nobody_to_another_host(stand_in, forge, topic):
    with serving(lambda _: Reply(200, {})) as other:
        for status in (301, 302, 307, 308):
            place = f"{other.url}/api/v1/repos/evil/gitops"
            stand_in.server.faults.append(Fault("/repos/", Reply(status, {}, {"Location": place})))
            with pytest.raises(RepositoryMoved, match="evil/gitops"):
                forge.get_repository(REPO)
        assert other.requests == []


def test_row_28_pages_are_asked_for_here_whatever_link_says(stand_in, forge, topic):
    stand_in.most = 1
    for name in ("one", "two"):
        stand_in.bare(REPO).git("update-ref", f"refs/heads/{name}", topic)
        forge.create_pull_request(REPO, spec(source=name))
    assert [each.number for each in forge.touched_pull_requests(REPO)] == [1, 2]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 409, 422, 500])
def test_row_29_a_credential_is_in_no_error_and_no_log(name, status, caplog):
    caplog.set_level(logging.DEBUG)
    echo = {
        "message": f"bad token {TOKEN}",
        "errors": [f"Authorization: token {TOKEN}"],
        "title": TOKEN,
    }
    with serving(lambda _: Reply(status, echo, {"Location": "/x"})) as server:
        try:
            EVERY[name](_speaking_to(server.url))
        except ForgeError as error:
            shown = "".join(traceback.format_exception(error)) + repr(error.params)
            assert TOKEN not in shown
    assert TOKEN not in caplog.text
    assert all(TOKEN not in request.path for request in server.requests)


def test_row_29_git_keeps_the_credential_out_of_addresses_and_files(stand_in, forge):
    remote = forge.git_remote(REPO)
    assert remote.url == f"{stand_in.web_url}/{REPO}.git"
    assert TOKEN not in repr(remote)
    with GitWorkspace(remote) as workspace:
        assert set(workspace.observe().branches) == {"main"}
        assert {request.user for request in stand_in.git.requests} == {"flagstone"}
        written = [path.read_bytes() for path in workspace._folder.rglob("*") if path.is_file()]
    assert all(TOKEN.encode() not in content for content in written)


def test_a_missing_pull_request_is_told_by_every_question(stand_in, forge):
    for name in ("get", "update", "close", "merge", "label", "ask"):
        with pytest.raises(PullRequestNotFound):
            EVERY[name](forge)


def test_row_29_git_shows_no_credential_when_it_is_refused(stand_in, forge, topic):
    stand_in.git.users["flagstone"] = "another"
    with pytest.raises(ForgeError) as caught:
        forge.delete_branch(REPO, BRANCH, expected=topic)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.params)
    sent = stand_in.git.requests[0].authorization.rpartition(" ")[2]
    assert sent
    assert TOKEN not in shown
    assert sent not in shown
    assert stand_in.bare(REPO).heads()[BRANCH] == topic
