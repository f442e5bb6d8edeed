from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from flagstone.forge.errors import (
    AlreadyExists,
    EmptyChange,
    ForgeError,
    GitFailed,
    HeadMoved,
    MergeConflict,
    NoRoom,
    NotAllowed,
    NotYetConsistent,
    PullRequestNotFound,
    PullRequestNotOpen,
    RefNotFound,
    StaleLease,
)
from flagstone.forge.hosts.base import (
    MergeMethod,
    MergeResult,
    PullRequest,
    PullRequestSpec,
    PullRequestState,
)
from flagstone.forge.hosts.local import LocalForge, store
from flagstone.forge.hosts.local import pull_requests as module
from flagstone.forge.hosts.local.merging import move_refs
from tests.forge.hosts.local.conftest import LEO, MIA, Clock
from tests.forge.repositories import NOON, files_at, git, push_by_hand

REPO = "acme/gitops"
CHANGE = UUID("11111111-2222-3333-4444-555555555555")


def spec(**fields: object) -> PullRequestSpec:
    values: dict[str, object] = {
        "title": "Add  b", "body": "Why.", "source": "feature", "target": "main", "author": MIA,
        "change_id": CHANGE,
    }  # fmt: skip
    return PullRequestSpec(**{**values, **fields})  # type: ignore[arg-type]


@pytest.fixture
def head(bare: Path, tmp_path: Path) -> str:
    return push_by_hand(bare, tmp_path, {"b.txt": "b\n"}, branch="feature")


@pytest.fixture
def opened(forge: LocalForge, head: str) -> PullRequest:
    return forge.create_pull_request(REPO, spec())


def merge(
    forge: LocalForge, pull: PullRequest, *, method: MergeMethod = MergeMethod.MERGE
) -> MergeResult:
    return forge.merge_pull_request(
        REPO, pull.number, expected_head=pull.head, method=method, by=LEO
    )


def test_a_pull_request_is_opened(
    forge: LocalForge, bare: Path, head: str, opened: PullRequest
) -> None:
    assert opened == PullRequest(
        number=1,
        title="Add b",
        body=f"Why.\n\n<!-- flagstone:change-request={CHANGE} -->",
        source="feature",
        target="main",
        author=MIA,
        state=PullRequestState.OPEN,
        is_draft=False,
        labels=(),
        head=head,
        base=git(bare, "rev-parse", "main"),
        opened_at=NOON,
        updated_at=NOON,
        ready_at=NOON,
    )
    assert forge.get_pull_request(REPO, 1) == opened
    assert git(bare, "rev-parse", "refs/pull/1/head") == head


def test_numbers_count_up(
    forge: LocalForge, bare: Path, tmp_path: Path, opened: PullRequest
) -> None:
    push_by_hand(bare, tmp_path, {"c.txt": "c\n"}, branch="other")
    assert forge.create_pull_request(REPO, spec(source="other")).number == 2


def test_a_second_open_one_between_two_branches_is_refused(
    forge: LocalForge, opened: PullRequest
) -> None:
    with pytest.raises(AlreadyExists) as caught:
        forge.create_pull_request(REPO, spec())
    assert caught.value.params == {"number": 1}


def test_of_many_at_once_one_is_opened(forge: LocalForge, head: str) -> None:
    results: list[object] = []

    def attempt() -> None:
        try:
            results.append(forge.create_pull_request(REPO, spec()).number)
        except ForgeError as error:
            results.append(error.code)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=str) == [1, *["forge.pull_request_exists"] * 7]
    assert len(forge.list_pull_requests(REPO)) == 1


def test_a_process_killed_while_it_writes_a_record_leaves_the_list_whole(
    forge: LocalForge, opened: PullRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_source: Path, _target: Path) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    pid = os.fork()
    if pid == 0:
        monkeypatch.setattr(store.Path, "replace", killed)
        forge.close_pull_request(REPO, opened.number, by=LEO)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL

    assert [each.number for each in forge.list_pull_requests(REPO)] == [opened.number]
    found = forge.find_pull_request(REPO, source=opened.source, target=opened.target)
    assert found is not None
    assert found.number == opened.number


def test_after_a_closed_one_another_is_opened(forge: LocalForge, opened: PullRequest) -> None:
    forge.close_pull_request(REPO, 1, by=LEO)
    assert forge.create_pull_request(REPO, spec()).number == 2
    found = forge.find_pull_request(REPO, source="feature", target="main")
    assert found
    assert found.number == 2
    closed = forge.find_pull_request(
        REPO, source="feature", target="main", state=PullRequestState.CLOSED
    )
    assert closed
    assert closed.number == 1


def test_a_branch_without_a_pull_request_finds_none(forge: LocalForge, opened: PullRequest) -> None:
    assert forge.find_pull_request(REPO, source="feature", target="other") is None
    assert forge.find_pull_request(REPO, source="featur", target="main") is None


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"source": "gone"}, NotYetConsistent),
        ({"target": "gone"}, RefNotFound),
        ({"source": "main"}, NotAllowed),
    ],
)
def test_a_pull_request_needs_two_branches(
    forge: LocalForge, head: str, fields: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        forge.create_pull_request(REPO, spec(**fields))
    assert forge.list_pull_requests(REPO) == []


def test_a_branch_with_nothing_new_is_refused(forge: LocalForge, bare: Path) -> None:
    git(bare, "branch", "same", "main")
    with pytest.raises(EmptyChange):
        forge.create_pull_request(REPO, spec(source="same"))


def test_a_merge_joins_both_histories_and_removes_the_branch(
    forge: LocalForge, bare: Path, tmp_path: Path, opened: PullRequest, clock: Clock
) -> None:
    at = clock.tick()
    base = push_by_hand(bare, tmp_path, {"a.txt": "1\n2\n3\n4\n"})  # the base moves on
    result = merge(forge, opened)
    assert result == MergeResult(git(bare, "rev-parse", "main"), opened.head, base)
    assert files_at(bare, "main") == {
        "README.md": "hello\n",
        "a.txt": "1\n2\n3\n4\n",
        "b.txt": "b\n",
    }
    assert git(bare, "log", "-1", "--format=%P|%an|%cn|%B", "main") == (
        f"{base} {opened.head}|Leo|Flagstone|Merge pull request #1 from feature\n\nAdd b"
    )
    assert git(bare, "for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"
    assert git(bare, "rev-parse", "refs/pull/1/head") == opened.head
    assert git(bare, "fsck", "--strict") == ""
    after = forge.get_pull_request(REPO, 1)
    assert (after.state, after.merge, after.base, after.closed_by) == (
        PullRequestState.MERGED, result.merge, base, LEO,
    )  # fmt: skip
    assert after.merged_at == after.closed_at == after.updated_at == at


def test_a_squash_is_one_commit_by_the_author_with_the_reason(
    forge: LocalForge, bare: Path, opened: PullRequest
) -> None:
    base = git(bare, "rev-parse", "main")
    merge(forge, opened, method=MergeMethod.SQUASH)
    assert git(bare, "log", "-1", "--format=%P|%an|%cn|%B", "main") == (
        f"{base}|Mia Wong|Flagstone|Add b (#1)\n\nWhy."
    )
    assert "b.txt" in files_at(bare, "main")


def test_a_merge_again_gives_the_same_result(forge: LocalForge, opened: PullRequest) -> None:
    assert merge(forge, opened) == merge(forge, opened)


def test_the_default_branch_is_never_deleted(
    forge: LocalForge, bare: Path, tmp_path: Path, head: str
) -> None:
    git(bare, "branch", "release", "main~0")
    push_by_hand(bare, tmp_path, {"c": "1"})
    pull = forge.create_pull_request(REPO, spec(source="main", target="release"))
    merge(forge, pull)
    assert git(bare, "for-each-ref", "--format=%(refname:short)", "refs/heads").split() == [
        "feature", "main", "release",
    ]  # fmt: skip


def test_a_conflict_names_the_files_and_changes_nothing(
    forge: LocalForge, bare: Path, tmp_path: Path
) -> None:
    push_by_hand(bare, tmp_path, {"a.txt": "ours\n"}, branch="feature")
    pull = forge.create_pull_request(REPO, spec())
    base = push_by_hand(bare, tmp_path, {"a.txt": "theirs\n"})
    with pytest.raises(MergeConflict, match=r"both sides changed a\.txt") as caught:
        merge(forge, pull)
    assert caught.value.params["paths"] == ["a.txt"]
    assert git(bare, "rev-parse", "main") == base
    assert forge.get_pull_request(REPO, 1).state is PullRequestState.OPEN


def test_what_was_not_looked_at_is_not_merged(
    forge: LocalForge, bare: Path, tmp_path: Path, opened: PullRequest
) -> None:
    later = push_by_hand(bare, tmp_path, {"evil": "x"}, branch="feature", start="feature")
    with pytest.raises(HeadMoved) as caught:
        merge(forge, opened)
    assert caught.value.params == {"number": 1, "head": later}
    assert "evil" not in files_at(bare, "main")
    assert git(bare, "rev-parse", "refs/pull/1/head") == later


def test_a_closed_one_is_not_merged(forge: LocalForge, bare: Path, opened: PullRequest) -> None:
    forge.close_pull_request(REPO, 1, by=LEO)
    with pytest.raises(PullRequestNotOpen, match="is closed already"):
        merge(forge, opened)
    assert "b.txt" not in files_at(bare, "main")


def test_a_target_that_moves_during_the_merge_is_merged_onto(
    forge: LocalForge,
    bare: Path,
    tmp_path: Path,
    opened: PullRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raced: list[str] = []

    def race(*arguments: object) -> None:
        if not raced:
            raced.append(push_by_hand(bare, tmp_path, {"race": "1\n"}))
        move_refs(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "move_refs", race)
    assert merge(forge, opened).base == raced[0]
    assert sorted(files_at(bare, "main")) == ["README.md", "a.txt", "b.txt", "race"]


def test_a_target_that_never_stands_still_gives_up_for_now(
    forge: LocalForge, bare: Path, opened: PullRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always(*_: object) -> None:
        raise StaleLease("moved")

    monkeypatch.setattr(module, "move_refs", always)
    with pytest.raises(StaleLease, match="moves faster"):
        merge(forge, opened)
    monkeypatch.undo()
    assert forge.get_pull_request(REPO, 1) == opened


@pytest.mark.parametrize("method", list(MergeMethod))
def test_a_merge_that_died_after_it_was_done_is_found_done(
    forge: LocalForge,
    bare: Path,
    opened: PullRequest,
    method: MergeMethod,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(*arguments: object) -> None:
        move_refs(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "move_refs", die)
    with pytest.raises(KeyboardInterrupt):
        merge(forge, opened, method=method)
    monkeypatch.undo()
    after = forge.get_pull_request(REPO, 1)
    assert (after.state, after.closed_by) == (PullRequestState.MERGED, LEO)
    assert after.merge == git(bare, "rev-parse", "main")
    assert merge(forge, opened, method=method).merge == after.merge


def test_a_merge_that_died_before_it_was_done_is_not_done(
    forge: LocalForge, bare: Path, opened: PullRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "move_refs", die)
    with pytest.raises(KeyboardInterrupt):
        merge(forge, opened)
    monkeypatch.undo()
    after = forge.get_pull_request(REPO, 1)
    assert after == replace(opened, updated_at=after.updated_at)
    assert merge(forge, after).merge == git(bare, "rev-parse", "main")


def test_a_push_to_the_branch_is_noticed(
    forge: LocalForge, bare: Path, tmp_path: Path, opened: PullRequest
) -> None:
    later = push_by_hand(bare, tmp_path, {"c": "1"}, branch="feature", start="feature")
    assert [pull.head for pull in forge.list_pull_requests(REPO)] == [later]
    assert git(bare, "rev-parse", "refs/pull/1/head") == later


def test_a_branch_that_was_deleted_closes_it(
    forge: LocalForge, bare: Path, opened: PullRequest
) -> None:
    git(bare, "update-ref", "-d", "refs/heads/feature")
    after = forge.get_pull_request(REPO, 1)
    assert (after.state, after.head, after.closed_by) == (
        PullRequestState.CLOSED,
        opened.head,
        None,
    )


@pytest.mark.parametrize("delete", [False, True])
def test_a_merge_by_hand_is_noticed(
    forge: LocalForge, bare: Path, tmp_path: Path, opened: PullRequest, *, delete: bool
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(bare), str(clone))
    git(clone, "merge", "--quiet", "--no-ff", "origin/feature", "--message", "by hand")
    git(clone, "push", "--quiet", "origin", "main")
    if delete:
        git(bare, "update-ref", "-d", "refs/heads/feature")
    [after] = forge.list_pull_requests(REPO)
    assert (after.state, after.merge) == (PullRequestState.MERGED, git(clone, "rev-parse", "HEAD"))


def test_lists_can_be_read_on_from_a_moment(
    forge: LocalForge, bare: Path, tmp_path: Path, opened: PullRequest, clock: Clock
) -> None:
    push_by_hand(bare, tmp_path, {"c": "1"}, branch="other")
    forge.create_pull_request(REPO, spec(source="other"))
    since = clock.tick()
    closed = forge.close_pull_request(REPO, 1, by=LEO)
    assert [pull.number for pull in forge.list_pull_requests(REPO)] == [2, 1]
    assert forge.list_pull_requests(REPO, updated_since=since) == [closed]


def test_an_unknown_number_is_told(forge: LocalForge) -> None:
    with pytest.raises(PullRequestNotFound, match=r"no pull request #7 in acme/gitops"):
        forge.get_pull_request(REPO, 7)


def test_a_record_that_cannot_be_written_leaves_the_old_one(
    forge: LocalForge, root: Path, opened: PullRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(NoRoom, match="No space left on device"):
        forge.close_pull_request(REPO, 1, by=LEO)
    monkeypatch.undo()
    assert forge.get_pull_request(REPO, 1) == opened
    assert [p.name for p in (root / "acme/gitops.pulls").iterdir() if "draft" in p.name] == []


def test_a_damaged_record_is_told(forge: LocalForge, root: Path, opened: PullRequest) -> None:
    [record] = (root / "acme/gitops.pulls").glob("*.json")
    record.write_text("{")
    with pytest.raises(GitFailed, match="is damaged"):
        forge.get_pull_request(REPO, 1)


def test_an_emptied_repository_does_not_close_its_pull_requests(
    forge: LocalForge, bare: Path, head: str, opened: PullRequest
) -> None:
    main = git(bare, "rev-parse", "main").strip()
    for branch in ("main", "feature"):
        git(bare, "update-ref", "-d", f"refs/heads/{branch}")
    assert forge.get_pull_request(REPO, opened.number).state is PullRequestState.OPEN
    git(bare, "update-ref", "refs/heads/main", main)
    git(bare, "update-ref", "refs/heads/feature", head)
    assert forge.get_pull_request(REPO, opened.number) == opened
