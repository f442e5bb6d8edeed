from __future__ import annotations

import pytest

from flagstone.forge.errors import (
    AuthenticationFailed,
    ForgeError,
    PermissionDenied,
    QuotaExceeded,
    RepositoryArchived,
    RepositoryGone,
    RepositoryMoved,
)
from flagstone.forge.git.reaching import ended_before_writing, refusal_of, unreached
from flagstone.forge.git.remotes import GitRemote

URL = "https://code.example/acme/gitops.git/"
OPEN = GitRemote("acme/gitops", URL, protocols=("https",))
OURS = GitRemote(
    "acme/gitops", URL, protocols=("https",), config={"http.https://code.example/.extraHeader": "x"}
)


def on_refs(status: int, words: str = "") -> str:
    said = f"remote: {words}\n" if words else ""
    return f"{said}fatal: unable to access '{URL}': The requested URL returned error: {status}"


def on_pack(status: int) -> str:
    return (
        f"error: RPC failed; HTTP {status} curl 22 The requested URL returned error: {status}\n"
        "send-pack: unexpected disconnect while reading sideband packet\n"
        "fatal: the remote end hung up unexpectedly"
    )


ASKED = "fatal: could not read Username for 'https://code.example': terminal prompts disabled"
MISSING = f"fatal: repository '{URL}' not found"


@pytest.mark.parametrize(
    ("said", "kind", "reason"),
    [
        (ASKED, AuthenticationFailed, "does not accept Flagstone's credential for acme/gitops"),
        (f"{ASKED}\nfatal: the remote end", AuthenticationFailed, "Give Flagstone a new one"),
        (on_refs(401), AuthenticationFailed, "wrong, expired or withdrawn"),
        (on_refs(403), PermissionDenied, "may not push to acme/gitops: its credential lacks"),
        (on_pack(403), PermissionDenied, "lacks the right to write the contents"),
        (on_refs(403, "No."), PermissionDenied, r"try again\. The code host said: No\.$"),
        (on_refs(403, "It was archived so it is read-only."), RepositoryArchived, "only be read"),
        (MISSING, RepositoryGone, "acme/gitops is missing or not visible to this credential"),
        (on_pack(404), RepositoryGone, "missing or not visible to this credential"),
        (on_refs(410), RepositoryGone, "is gone from its code host"),
        (on_pack(413), QuotaExceeded, "has no room for what was sent to acme/gitops"),
        (on_refs(423), RepositoryArchived, "can only be read"),
        (on_refs(301), RepositoryMoved, "acme/gitops has moved: its code host names another"),
        (on_pack(307), RepositoryMoved, "redirects are not followed"),
    ],
)
def test_a_refusal_says_what_to_do(said: str, kind: type[ForgeError], reason: str) -> None:
    error = refusal_of(said, OURS, writes=True)
    assert type(error) is kind
    with pytest.raises(kind, match=reason):
        raise error
    assert not error.retryable
    assert error.params["repository"] == "acme/gitops"


def test_the_missing_permission_is_named() -> None:
    for writes, needed in ((True, "contents:write"), (False, "contents:read")):
        error = refusal_of(on_refs(403), OURS, writes=writes)
        assert error is not None
        assert error.params["needed"] == needed


@pytest.mark.parametrize("said", [ASKED, MISSING, on_refs(401), on_refs(404)])
def test_without_a_credential_missing_and_private_look_the_same(said: str) -> None:
    error = refusal_of(said, OPEN, writes=False)
    assert type(error) is RepositoryGone
    assert error.message == (
        "There is no repository acme/gitops, or it is not for everybody to read."
    )


@pytest.mark.parametrize(
    "said",
    [
        on_refs(500), on_refs(503), on_refs(429), on_pack(502), on_pack(409),
        "fatal: unable to access 'x': Could not resolve host: code.example",
        "fatal: unable to access 'x': Failed to connect to code.example port 443",
        "error: RPC failed; curl 56 Recv failure: Connection reset by peer",
        "fatal: not a git repository", "",
    ],
)  # fmt: skip
def test_what_may_pass_is_no_refusal(said: str) -> None:
    assert refusal_of(said, OURS, writes=True) is None


def test_what_a_server_says_is_not_taken_for_gits_own_words() -> None:
    said = f"remote: {ASKED}\nremote: {MISSING}\nremote: {on_refs(403)}"
    assert refusal_of(said.replace("\n", "\nremote: "), OURS, writes=True) is None


def test_a_servers_words_are_shown_without_secrets_and_cut() -> None:
    error = refusal_of(on_refs(403, f"token=canary {'x' * 5000}"), OURS, writes=True)
    assert error is not None
    assert "canary" not in error.message
    assert len(error.message) < 2500


def test_only_a_failure_before_the_pack_has_written_nothing() -> None:
    assert ended_before_writing(on_refs(503))
    assert not ended_before_writing(on_pack(503))
    assert not ended_before_writing(f"remote: {on_refs(503)}")


def test_a_code_host_that_asks_for_patience_gets_a_minute() -> None:
    assert unreached(on_refs(429), OURS, writes=True).retry_after == 60
    assert unreached(on_refs(503), OURS, writes=True).retry_after is None
