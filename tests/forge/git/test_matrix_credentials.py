"""Rows of the fault matrix about credentials: whom they reach, and where they must not be found."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flagstone.forge.errors import (
    AuthenticationFailed,
    ForgeError,
    RepositoryMoved,
    TransportError,
)
from flagstone.forge.git.pushing import PushOutcome, PushResult
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.git.http_host import BRANCH, TOKEN, HttpHost, build, processes_with
from tests.git_http import GitFault, GitServer, serving, write_hook

ON_PACK = "POST /acme/gitops.git/git-receive-pack"
ENCODED = base64.b64encode(f"bot:{TOKEN}".encode()).decode()


@pytest.fixture
def elsewhere(web: HttpHost) -> Iterator[GitServer]:
    """Another server with the same repositories, which lets everybody in."""
    with serving(web.server.root) as server:
        yield server


def test_row_28_a_repository_that_moved_is_named_and_not_followed(
    web: HttpHost, elsewhere: GitServer
) -> None:
    web.server.moved["/acme/old.git"] = f"{elsewhere.url}/acme/gitops.git"
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        workspace.remote = web.remote("acme/old")
        for act in (
            lambda: workspace.observe("main"),
            lambda: workspace.push(commit, BRANCH, expected=None),
        ):
            with pytest.raises(RepositoryMoved) as caught:
                act()
            assert caught.value.params["place"] == f"{elsewhere.url}/acme/gitops.git"
            assert f"has moved to {elsewhere.url}/acme/gitops.git. " in caught.value.message
    assert elsewhere.requests == []
    assert list(web.branches()) == ["main"]


def test_row_28_a_pack_is_not_sent_to_where_a_redirect_leads(
    web: HttpHost, elsewhere: GitServer
) -> None:
    there = {"Location": f"{elsewhere.url}/acme/gitops.git/git-receive-pack"}
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        web.server.faults.append(GitFault(ON_PACK, status=307, headers=there))
        with pytest.raises(RepositoryMoved):
            workspace.push(commit, BRANCH, expected=None)
    assert elsewhere.requests == []


def test_row_28_a_new_address_with_a_password_is_named_without_it(web: HttpHost) -> None:
    web.server.moved["/acme/old.git"] = f"https://eve:{TOKEN}@evil.example/acme/new.git"
    with (
        GitWorkspace(web.remote("acme/old")) as workspace,
        pytest.raises(RepositoryMoved) as caught,
    ):
        workspace.observe("main")
    assert caught.value.params["place"] == "https://evil.example/acme/new.git"
    assert TOKEN not in caught.value.message


def test_row_28_another_host_never_gets_the_credential(web: HttpHost, elsewhere: GitServer) -> None:
    ours = web.remote()
    there = GitRemote(
        ours.name, f"{elsewhere.url}/acme/gitops.git", ours.protocols, config=ours.config
    )
    with GitWorkspace(there) as workspace:
        assert workspace.observe("main").default_branch == "main"
    assert [request.authorization for request in elsewhere.requests] == [""] * len(
        elsewhere.requests
    )
    assert elsewhere.requests


def test_row_29_the_token_is_in_no_command_line_and_in_no_file_while_a_push_runs(
    web: HttpHost, scratch: Path
) -> None:
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        we_have_looked = threading.Event()
        web.server.faults.append(GitFault(ON_PACK, until=we_have_looked))
        push = threading.Thread(
            target=workspace.push, args=(commit, BRANCH), kwargs={"expected": None}
        )
        push.start()
        while not web.pushes():
            time.sleep(0.02)
        lines = processes_with(web.server.url)
        files = [path for path in scratch.rglob("*") if path.is_file()]
        contents = b"".join(path.read_bytes() for path in files)
        everything = processes_with(TOKEN) + processes_with(ENCODED)
        we_have_looked.set()
        push.join()
    assert any("remote-http" in line for line in lines)
    assert everything == []
    assert len(files) > 3
    assert TOKEN.encode() not in contents
    assert ENCODED.encode() not in contents
    assert web.branches()[BRANCH] == commit.sha


def test_row_29_the_token_is_in_no_message_and_shown_by_no_object(web: HttpHost) -> None:
    shown = [repr(web.remote())]
    with GitWorkspace(web.remote(token=f"{TOKEN}-wrong")) as workspace:
        shown.append(repr(workspace.remote))
        with pytest.raises(AuthenticationFailed) as caught:
            workspace.observe("main")
        shown += [str(caught.value), repr(caught.value), repr(caught.value.params)]
    said = GitFault("info/refs", status=503, body=f"Authorization: Basic {ENCODED}")
    web.server.faults.append(said)
    with GitWorkspace(web.remote()) as workspace:
        with pytest.raises(TransportError) as broken:
            workspace.observe("main")
        shown += [str(broken.value), repr(broken.value.params), repr(broken.value.__cause__)]
    for text in shown:
        assert TOKEN not in text
        assert ENCODED not in text


@pytest.mark.parametrize("said", [TOKEN, ENCODED, base64.b64encode(TOKEN.encode()).decode()])
@pytest.mark.parametrize("status", [403, 404, 503])
def test_row_29_a_server_that_repeats_the_token_is_shown_without_it(
    web: HttpHost, said: str, status: int
) -> None:
    web.server.faults.append(GitFault("info/refs", status=status, body=f"no to {said}\n"))
    with GitWorkspace(web.remote()) as workspace, pytest.raises(ForgeError) as caught:
        workspace.observe("main")
    shown = f"{caught.value} {caught.value.params} {caught.value.__cause__!r}"
    assert said not in shown
    assert "no to [redacted]" in shown


@pytest.mark.parametrize("said", [TOKEN, ENCODED])
def test_row_29_a_hook_that_repeats_the_token_is_shown_without_it(web: HttpHost, said: str) -> None:
    write_hook(web.bare, f'echo "bad user {said}" >&2; exit 1')
    with GitWorkspace(web.remote()) as workspace:
        outcome = workspace.push(build(workspace), BRANCH, expected=None)
    assert outcome == PushOutcome(PushResult.REJECTED, "bad user [redacted]")
