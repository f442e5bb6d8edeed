from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.forge.errors import (
    BranchOccupied,
    EmptyChange,
    InvalidPath,
    OutcomeUnknown,
    PolicyRejected,
    TransportError,
)
from flagstone.forge.git.changes import FileContent
from flagstone.forge.git.commits import Difference, check_first
from flagstone.forge.git.first_commit import publish_first_commit
from flagstone.forge.git.pushing import PushOutcome, PushResult
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.repositories import change_set, files_at, git, meta, push_by_hand, remote

FILES = change_set(
    {"README.md": "hello\n", "run ü.sh": FileContent(b"#!/bin/sh\n", executable=True), "empty": ""}
)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    folder = tmp_path / "new.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(folder))
    return folder


def test_the_first_commit_holds_the_files_and_has_no_parent(bare: Path) -> None:
    sha = publish_first_commit(remote(bare), FILES, meta("Begin"))
    assert git(bare, "log", "--all", "--format=%H|%P|%s|%an|%cn") == (
        f"{sha}||Begin|Mia Wong|Flagstone"
    )
    assert git(bare, "rev-parse", "refs/heads/main") == sha
    assert files_at(bare, "main") == {
        "README.md": "hello\n",
        "run ü.sh": "100755 #!/bin/sh\n",
        "empty": "",
    }


def test_publishing_it_again_changes_nothing(bare: Path) -> None:
    first = publish_first_commit(remote(bare), FILES, meta("Begin"))
    assert publish_first_commit(remote(bare), FILES, meta("Begin")) == first


def test_what_somebody_else_put_there_is_left(bare: Path, tmp_path: Path) -> None:
    publish_first_commit(remote(bare), change_set({"theirs": "1"}), meta())
    theirs = push_by_hand(bare, tmp_path, {"more": "2"})
    with pytest.raises(BranchOccupied) as caught:
        publish_first_commit(remote(bare), FILES, meta("Begin"))
    assert caught.value.params == {"branch": "main", "found": theirs}
    assert git(bare, "rev-parse", "main") == theirs


def test_a_hook_refuses_it_in_its_own_words(bare: Path) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'No names with ü.' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(PolicyRejected, match="new refuses its first branch main: No names with ü"):
        publish_first_commit(remote(bare), FILES, meta())


def test_a_push_without_an_answer_that_was_done_is_done(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = GitWorkspace.push

    def lost(*arguments: object, **more: object) -> PushOutcome:
        plain(*arguments, **more)  # type: ignore[arg-type]
        return PushOutcome(PushResult.UNKNOWN, "cut")

    monkeypatch.setattr(GitWorkspace, "push", lost)
    assert publish_first_commit(remote(bare), FILES, meta()) == git(bare, "rev-parse", "main")


def test_a_push_that_was_not_done_may_be_tried_again(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = PushOutcome(PushResult.UNKNOWN, "the line was cut")
    monkeypatch.setattr(GitWorkspace, "push", lambda *_, **__: unknown)
    with pytest.raises(TransportError, match="could not be pushed to new: the line was cut"):
        publish_first_commit(remote(bare), FILES, meta())


def test_a_push_whose_outcome_cannot_be_seen_is_unknown(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> PushOutcome:
        (bare / "HEAD").write_text("nonsense")
        return PushOutcome(PushResult.UNKNOWN, "cut")

    monkeypatch.setattr(GitWorkspace, "push", broken)
    with pytest.raises(OutcomeUnknown, match="Whether new took the write to main is not known"):
        publish_first_commit(remote(bare), FILES, meta())


def test_a_first_commit_of_deletions_alone_is_empty(bare: Path) -> None:
    with GitWorkspace(remote(bare)) as workspace, pytest.raises(EmptyChange):
        workspace.build_commit(None, change_set({"a": None}), meta())


def test_it_has_no_base(bare: Path) -> None:
    with GitWorkspace(remote(bare)) as workspace:
        assert workspace.build_commit(None, FILES, meta()).base == ""


def test_every_file_must_have_arrived() -> None:
    arrived = [Difference("empty", "000000", "100644", FileContent(b"").blob_id)]
    with pytest.raises(InvalidPath, match=r"git did not store 'README\.md'; nothing was pushed"):
        check_first(FILES, arrived)
