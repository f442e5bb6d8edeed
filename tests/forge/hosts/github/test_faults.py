"""Limits, refusals, nonsense and secrets, through every call of the adapter that reads or writes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from flagstone.forge.errors import (
    AuthenticationFailed,
    ForgeError,
    OutcomeUnknown,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    RepositoryArchived,
    ServerError,
)
from flagstone.forge.hosts.base import CommitStatus, MergeMethod, StatusState
from flagstone.forge.hosts.github.forge import GitHubForge
from tests.forge.hosts.github.conftest import ADA, BRANCH, FLAGSTONE, REPO, spec
from tests.http_server import Fault, Reply
from tests.stand_ins.github import TOKEN
from tests.stand_ins.github_state import said

OPEN = f"POST /repos/{REPO}/pulls"
STATUS = CommitStatus("flagstone/gate", StatusState.SUCCESS, "", datetime.now(UTC))

READS: dict[str, Callable[[GitHubForge], Any]] = {
    "repository": lambda forge: forge.get_repository(REPO),
    "find": lambda forge: forge.find_pull_request(REPO, source=BRANCH, target="main"),
    "get": lambda forge: forge.get_pull_request(REPO, 1),
    "touched": lambda forge: forge.touched_pull_requests(REPO),
    "files": lambda forge: forge.changed_files(REPO, 1),
    "statuses": lambda forge: forge.commit_statuses(REPO, "1" * 40),
    "repositories": lambda forge: list(forge.list_repositories("acme")),
    "webhooks": lambda forge: forge.list_webhooks(REPO),
}
WRITES: dict[str, tuple[str, Callable[[GitHubForge], Any]]] = {
    "open": (OPEN, lambda forge: forge.create_pull_request(REPO, spec(source="other"))),
    "edit": ("PATCH", lambda forge: forge.update_pull_request(REPO, 1, title="New")),
    "draft": ("graphql", lambda forge: forge.update_pull_request(REPO, 1, is_draft=True)),
    "close": ("PATCH", lambda forge: forge.close_pull_request(REPO, 1, by=ADA)),
    "merge": (
        "PUT",
        lambda forge: forge.merge_pull_request(
            REPO, 1, expected_head="1" * 40, method=MergeMethod.MERGE, by=ADA
        ),
    ),
    "comment": (
        "POST",
        lambda forge: forge.upsert_comment(REPO, 1, by=FLAGSTONE, body="Hello"),
    ),
    "labels": ("PUT", lambda forge: forge.set_labels(REPO, 1, ("a",))),
    "reviewers": ("POST", lambda forge: forge.request_reviewers(REPO, 1, ("mia",))),
    "status": ("POST", lambda forge: forge.set_commit_status(REPO, "1" * 40, STATUS)),
}


@pytest.fixture(autouse=True)
def number(forge, topic) -> int:
    return forge.create_pull_request(REPO, spec()).number


@pytest.fixture(params=["secondary", "429", "primary", "no headers"])
def limit(request) -> tuple[Reply, float]:
    """Return one of the four shapes of a limit, and the seconds that it asks for."""
    words = said("You have exceeded a secondary rate limit. Please wait a few minutes.")
    reset = str(int(time.time()) + 300)
    none_left = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    return {
        "secondary": (Reply(403, words, {"Retry-After": "47"}), 47),
        "429": (Reply(429, words, {"Retry-After": "30"}), 30),
        "primary": (Reply(403, said("API rate limit exceeded for user ID 1."), none_left), 300),
        "no headers": (Reply(403, words), 60),
    }[request.param]


def test_row_21_a_limit_is_told_at_once_and_the_pace_is_told_too(forge, stand_in, pace, limit):
    reply, seconds = limit
    stand_in.bare(REPO).write("other", {"b.txt": "one\n"})
    stand_in.server.faults.append(Fault(OPEN, reply))
    stand_in.server.requests.clear()
    began = time.monotonic()
    with pytest.raises(RateLimited) as caught:
        forge.create_pull_request(REPO, spec(source="other"))
    assert time.monotonic() - began < 25, "nobody sleeps"
    assert caught.value.retry_after == pytest.approx(seconds, abs=5)
    assert pace.paused == [caught.value.retry_after]
    assert len(stand_in.server.requests) == 1
    assert forge.create_pull_request(REPO, spec(source="other")).number == 2
    assert len(stand_in.server.sent(OPEN)) == 2


def test_row_21_graphql_has_words_of_its_own_for_it(forge, stand_in):
    body = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    stand_in.server.faults.append(Fault("graphql", Reply(200, body)))
    with pytest.raises(RateLimited) as caught:
        forge.update_pull_request(REPO, 1, is_draft=True)
    assert caught.value.retry_after == 60


def test_row_22_a_missing_scope_is_no_limit(forge, stand_in, pace):
    reply = Reply(
        403, said("Resource not accessible by integration"), {"x-ratelimit-remaining": "4999"}
    )
    stand_in.server.faults.append(Fault(OPEN, reply))
    with pytest.raises(PermissionDenied, match="not accessible by integration") as caught:
        forge.create_pull_request(REPO, spec())
    assert not caught.value.retryable
    assert pace.paused == []
    body = {"errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}]}
    stand_in.server.faults.append(Fault("graphql", Reply(200, body)))
    with pytest.raises(PermissionDenied, match="Resource not accessible"):
        forge.update_pull_request(REPO, 1, is_draft=True)


def test_row_26_an_archived_repository_and_a_full_one_are_for_good(forge, stand_in):
    stand_in.known(REPO).is_archived = True
    with pytest.raises(RepositoryArchived, match="read-only") as caught:
        forge.create_pull_request(REPO, spec())
    assert not caught.value.retryable
    for status, kind in ((423, RepositoryArchived), (413, QuotaExceeded)):
        stand_in.server.faults.append(Fault(OPEN, Reply(status, {})))
        with pytest.raises(kind) as caught:
            forge.create_pull_request(REPO, spec())
        assert not caught.value.retryable


NONSENSE = [
    Reply(200, b"<html>maintenance</html>"), Reply(200, b'{"number": 1, "tit'), Reply(200, b""),
    Reply(200, b"[" * 9000), Reply(200, {}), Reply(200, [1]), Reply(200, [{}]), Reply(200, "words"), Reply(200, None),
    Reply(200, {"number": "1", "head": [], "total_count": None, "statuses": {}, "default_branch": 7}),
    Reply(502, b"<html>bad gateway</html>"),
]  # fmt: skip


@pytest.mark.parametrize("read", READS)
def test_row_41_a_read_that_gets_nonsense_is_a_server_error(forge, stand_in, read):
    for reply in NONSENSE:
        stand_in.server.faults = [Fault("GET", reply, times=99)]
        with pytest.raises(ServerError, match="GitHub"):
            READS[read](forge)
    stand_in.server.faults = [Fault("GET", cuts=True, times=99)]
    with pytest.raises(ServerError):
        READS[read](forge)


@pytest.mark.parametrize("write", WRITES)
def test_row_41_a_write_that_gets_nonsense_may_have_been_done(forge, stand_in, write):
    match, do = WRITES[write]
    for reply in (NONSENSE[0], NONSENSE[1], NONSENSE[-1]):
        fault = Fault(match, reply)
        stand_in.server.faults = [fault]
        with pytest.raises(OutcomeUnknown, match="GitHub"):
            do(forge)
        assert fault.times == 0
    stand_in.server.faults = [Fault(match, cuts=True)]
    with pytest.raises(OutcomeUnknown):
        do(forge)


@pytest.mark.parametrize("write", ["open", "merge", "comment"])
def test_row_41_what_cannot_be_read_of_a_write_leaves_its_outcome_unknown(forge, stand_in, write):
    match, do = WRITES[write]
    for reply in NONSENSE[4:-1]:
        stand_in.server.faults = [Fault(match, reply)]
        with pytest.raises(OutcomeUnknown):
            do(forge)


def test_row_29_the_token_is_in_no_error_and_no_log(forge, stand_in, caplog):
    caplog.set_level(logging.DEBUG)
    seen: list[str] = [repr(forge), repr(vars(forge)), repr(forge.git_remote(REPO))]
    repeated = said(f"Bad credentials: Bearer {TOKEN}", f"the token {TOKEN}")
    faults = [
        Fault("/", Reply(401, repeated), times=99),
        Fault("/", Reply(422, repeated), times=99),
        Fault("/", Reply(403, {"message": TOKEN}), times=99),
        Fault("/", Reply(500, TOKEN.encode()), times=99),
        Fault("/", Reply(301, {}, {"Location": f"https://x:{TOKEN}@evil.example/"}), times=99),
        Fault("/", cuts=True, times=99),
    ]
    for fault in faults:
        stand_in.server.faults = [fault]
        for do in [*READS.values(), *(do for _, do in WRITES.values())]:
            with pytest.raises(ForgeError) as caught:
                do(forge)
            error: BaseException | None = caught.value
            while error is not None:
                seen.append(f"{error!r} {error} {vars(error)}")
                error = error.__cause__ or error.__context__
    assert TOKEN not in " ".join([*seen, caplog.text])
    assert all(TOKEN not in each.path for each in stand_in.server.requests)
    assert all(TOKEN not in each for each in stand_in.git.asked)


def test_a_withdrawn_token_is_for_good(forge, stand_in):
    stand_in.tokens.clear()
    with pytest.raises(AuthenticationFailed, match="does not accept Flagstone's credential"):
        forge.get_repository(REPO)
    assert len(stand_in.server.sent("GET")) == 1
