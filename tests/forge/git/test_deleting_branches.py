from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flagstone.forge.errors import OutcomeUnknown, PolicyRejected, TransportError
from flagstone.forge.git.pushing import PushOutcome, PushResult
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.repositories import git, make_repository, push_by_hand, remote

BRANCH = "flagstone/add-1234abcd"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "host", {"README.md": "hello\n"})


@pytest.fixture
def ours(bare: Path, tmp_path: Path) -> str:
    return push_by_hand(bare, tmp_path, {"n": "1"}, branch=BRANCH)


@pytest.fixture
def workspace(bare: Path, ours: str) -> Iterator[GitWorkspace]:
    with GitWorkspace(remote(bare)) as opened:
        yield opened


def branches(bare: Path) -> list[str]:
    return git(bare, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").splitlines()


def test_a_branch_that_stands_where_it_was_seen_goes(
    workspace: GitWorkspace, bare: Path, ours: str
) -> None:
    assert workspace.delete_branch(BRANCH, expected=ours) is True
    assert branches(bare) == ["main"]


def test_a_branch_with_more_commits_stays(
    workspace: GitWorkspace, bare: Path, ours: str, tmp_path: Path
) -> None:
    theirs = push_by_hand(bare, tmp_path, {"n": "2"}, branch=BRANCH, start=BRANCH)
    assert workspace.delete_branch(BRANCH, expected=ours) is False
    assert git(bare, "rev-parse", BRANCH) == theirs


def test_a_branch_that_is_gone_was_not_deleted_by_us(workspace: GitWorkspace, ours: str) -> None:
    assert workspace.delete_branch("flagstone/other-1", expected=ours) is False


def test_a_commit_that_comes_between_look_and_deletion_is_kept(
    workspace: GitWorkspace, bare: Path, ours: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = GitWorkspace._push

    def late(*arguments: str) -> PushOutcome:
        push_by_hand(bare, tmp_path, {"n": "2"}, branch=BRANCH, start=BRANCH)
        return plain(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(GitWorkspace, "_push", late)
    assert workspace.delete_branch(BRANCH, expected=ours) is False
    assert branches(bare) == [BRANCH, "main"]


def test_a_protected_branch_stays_with_the_servers_words(
    workspace: GitWorkspace, bare: Path, ours: str
) -> None:
    git(bare, "config", "receive.denyDeletes", "true")
    with pytest.raises(PolicyRejected, match="does not let the branch flagstone/add-1234abcd go"):
        workspace.delete_branch(BRANCH, expected=ours)
    assert branches(bare) == [BRANCH, "main"]


def test_an_answer_that_is_lost_is_looked_up(
    workspace: GitWorkspace, ours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = GitWorkspace._push

    def lost(*arguments: str) -> PushOutcome:
        plain(*arguments)  # type: ignore[arg-type]
        return PushOutcome(PushResult.UNKNOWN, "cut")

    monkeypatch.setattr(GitWorkspace, "_push", lost)
    assert workspace.delete_branch(BRANCH, expected=ours) is True


def test_a_deletion_that_was_not_done_may_be_tried_again(
    workspace: GitWorkspace, ours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = PushOutcome(PushResult.UNKNOWN, "the line was cut")
    monkeypatch.setattr(GitWorkspace, "_push", lambda *_: unknown)
    with pytest.raises(TransportError, match="could not be deleted: the line was cut"):
        workspace.delete_branch(BRANCH, expected=ours)


def test_a_deletion_whose_outcome_cannot_be_seen_is_unknown(
    workspace: GitWorkspace, bare: Path, ours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: str) -> PushOutcome:
        (bare / "HEAD").write_text("nonsense")
        return PushOutcome(PushResult.UNKNOWN, "cut")

    monkeypatch.setattr(GitWorkspace, "_push", broken)
    with pytest.raises(OutcomeUnknown, match="is not known"):
        workspace.delete_branch(BRANCH, expected=ours)
