"""Rows of the fault matrix in which the network or the code host's door fails, with real git over HTTP."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from flagstone.forge.errors import (
    AuthenticationFailed,
    OutcomeUnknown,
    PermissionDenied,
    RepositoryGone,
    TimedOut,
    TransportError,
)
from flagstone.forge.git.pushing import PushResult
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.rest.remotes import http_remote
from tests.forge.git.http_host import BRANCH, TOKEN, HttpHost, all_end, build
from tests.git_http import Cut, GitFault

ON_REFS, ON_PACK = "service=git-receive-pack", "POST /acme/gitops.git/git-receive-pack"


@pytest.mark.parametrize("cut", [Cut.UNANSWERED, Cut.HALFWAY])
@pytest.mark.parametrize("times", [1, 9])
def test_row_4_a_push_whose_answer_is_lost_is_found_by_looking(
    web: HttpHost, cut: Cut, times: int
) -> None:
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        web.server.faults.append(GitFault(ON_PACK, cut=cut, times=times))
        outcome = workspace.push(commit, BRANCH, expected=None)
        assert outcome.result is PushResult.UNKNOWN
        assert workspace.observe_after_write(BRANCH).branches[BRANCH] == commit.sha
        web.server.faults.clear()
        again = workspace.push(commit, BRANCH, expected=None)
    assert again.result is PushResult.UP_TO_DATE
    assert web.branches()[BRANCH] == commit.sha


def test_row_4_a_push_that_is_cut_before_it_arrives_is_sent_again_by_the_transport(
    web: HttpHost,
) -> None:
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        web.server.faults.append(GitFault(ON_PACK, cut=Cut.BEFORE))
        assert workspace.push(commit, BRANCH, expected=None).result is PushResult.PUSHED
    assert web.branches()[BRANCH] == commit.sha
    assert len(web.pushes()) == 2


def test_row_4_a_push_that_is_cut_each_time_wrote_nothing(web: HttpHost) -> None:
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        web.server.faults.append(GitFault(ON_PACK, cut=Cut.BEFORE, times=9))
        assert workspace.push(commit, BRANCH, expected=None).result is PushResult.UNKNOWN
        assert BRANCH not in workspace.observe_after_write(BRANCH).branches


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_row_5_a_server_that_is_not_well_may_be_tried_again(web: HttpHost, status: int) -> None:
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        web.server.faults.append(GitFault(ON_REFS, status=status, body="We are busy."))
        with pytest.raises(
            TransportError, match=rf"acme/gitops could not be pushed to: (?s:.)*{status}$"
        ):
            workspace.push(commit, BRANCH, expected=None)
        web.server.faults.append(GitFault(ON_PACK, status=status))
        assert workspace.push(commit, BRANCH, expected=None).result is PushResult.UNKNOWN
        assert workspace.push(commit, BRANCH, expected=None).result is PushResult.PUSHED
    assert web.branches()[BRANCH] == commit.sha


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_row_5_a_look_at_a_server_that_is_not_well_may_be_tried_again(
    web: HttpHost, status: int
) -> None:
    web.server.faults.append(GitFault("service=git-upload-pack", status=status))
    with GitWorkspace(web.remote()) as workspace:
        with pytest.raises(TransportError, match=f"acme/gitops could not be read: .*{status}$"):
            workspace.observe("main")
        assert workspace.observe("main").default_branch == "main"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1", "Couldn't connect to server"),
        ("http://no-such-host.invalid", "Could not resolve host"),
    ],
)
def test_row_5_a_server_that_cannot_be_reached_may_be_tried_again(
    web: HttpHost, url: str, reason: str
) -> None:
    gone = http_remote(url, "acme/gitops", user="bot", token=TOKEN)
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        workspace.remote = gone
        for act in (
            lambda: workspace.observe("main"),
            lambda: workspace.push(commit, BRANCH, expected=None),
        ):
            with pytest.raises(TransportError, match=reason) as caught:
                act()
            assert url in caught.value.message
            assert caught.value.retryable


@pytest.mark.parametrize("page", ["", "<html>Sign in</html>", "<html>\nSign in\n</html>\n"])
def test_row_41_a_page_is_not_taken_for_an_empty_repository(web: HttpHost, page: str) -> None:
    web.server.faults.append(GitFault("", status=200, body=page, times=99))
    with GitWorkspace(web.remote()) as workspace, pytest.raises(TransportError):
        workspace.observe("main")


def test_row_41_a_push_to_a_page_is_not_taken_for_done(web: HttpHost) -> None:
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        web.server.faults.append(GitFault("", status=200, body="<html>Sign in</html>", times=99))
        assert workspace.push(commit, BRANCH, expected=None).result is PushResult.UNKNOWN
        with pytest.raises(OutcomeUnknown, match="what answers at its address is no git server"):
            workspace.observe_after_write(BRANCH)
    assert BRANCH not in web.branches()


def test_row_6_a_push_that_hangs_ends_at_its_limit_with_all_that_it_started(
    web: HttpHost, scratch: Path
) -> None:
    with GitWorkspace(web.remote(), time_limit=1.5) as workspace:
        commit = build(workspace)
        web.server.faults.append(GitFault(ON_PACK, seconds=45, cut=Cut.BEFORE))
        began = time.monotonic()
        outcome = workspace.push(commit, BRANCH, expected=None)
        assert time.monotonic() - began < 45
        assert all_end(web.server.url)
        assert outcome.result is PushResult.UNKNOWN
        assert outcome.message == (
            "git push did not end within 1.5 seconds, so it was ended; it will be tried again."
        )
        assert BRANCH not in workspace.observe_after_write(BRANCH).branches
    assert list(scratch.iterdir()) == []


def test_row_6_a_look_that_hangs_may_be_tried_again(web: HttpHost, scratch: Path) -> None:
    web.server.faults.append(GitFault("info/refs", seconds=6, cut=Cut.BEFORE))
    with (
        GitWorkspace(web.remote(), time_limit=1.0) as workspace,
        pytest.raises(TimedOut, match="git ls-remote did not end within 1 seconds"),
    ):
        workspace.observe("main")
    assert all_end(web.server.url)
    assert list(scratch.iterdir()) == []


def test_row_7_a_credential_that_was_withdrawn_is_not_tried_again(web: HttpHost) -> None:
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        web.server.users = {"bot": "another"}
        for act in (
            lambda: workspace.observe("main"),
            lambda: workspace.fetch(commit.base),
            lambda: workspace.push(commit, BRANCH, expected=None),
        ):
            with pytest.raises(AuthenticationFailed, match="wrong, expired or withdrawn") as caught:
                act()
            assert not caught.value.retryable
    assert BRANCH not in web.branches()


def test_row_7_a_credential_withdrawn_between_look_and_pack_is_not_tried_again(
    web: HttpHost,
) -> None:
    asks = {"WWW-Authenticate": 'Basic realm="git"'}
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        web.server.faults.append(GitFault(ON_PACK, status=401, headers=asks))
        with pytest.raises(AuthenticationFailed):
            workspace.push(commit, BRANCH, expected=None)
        web.server.faults.append(GitFault(ON_PACK, status=403))
        with pytest.raises(PermissionDenied):
            workspace.push(commit, BRANCH, expected=None)
    assert BRANCH not in web.branches()


def test_row_7_a_credential_that_may_only_read_is_told_what_it_lacks(web: HttpHost) -> None:
    with GitWorkspace(web.remote(user="reader")) as workspace:
        commit = build(workspace)
        with pytest.raises(PermissionDenied) as caught:
            workspace.push(commit, BRANCH, expected=None)
        with pytest.raises(PermissionDenied):
            workspace.delete_branch("main", expected=commit.base)
    assert caught.value.message == (
        "Flagstone may not push to acme/gitops: its credential lacks the right to write the contents "
        "of the repository. Grant it at the code host, then try again. The code host said: Write "
        "access to repository not granted."
    )
    assert caught.value.params["needed"] == "contents:write"
    assert list(web.branches()) == ["main"]
    assert web.pushes() == []


def test_row_23_a_repository_that_is_missing_or_hidden_is_told(web: HttpHost) -> None:
    with (
        GitWorkspace(web.remote("acme/secret")) as workspace,
        pytest.raises(RepositoryGone, match="missing or not visible to this credential"),
    ):
        workspace.observe("main")
