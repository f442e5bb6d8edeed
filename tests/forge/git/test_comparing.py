from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flagstone.forge.errors import GitFailed
from flagstone.forge.git import comparing
from flagstone.forge.git.comparing import MergeTrial, read_diff, read_sizes, try_merge
from flagstone.forge.git.diffs import FileStatus
from flagstone.forge.git.sizes import ChangeSize, measure
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.repositories import git, make_repository, push_by_hand, remote

LINES = "".join(f"line {n}\n" for n in range(30))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "host", {"a.txt": LINES, "gone": "x\n", "keep": "1\n"})


@pytest.fixture
def workspace(bare: Path) -> Iterator[GitWorkspace]:
    with GitWorkspace(remote(bare)) as opened:
        yield opened


def test_a_branch_is_compared_with_where_it_left(
    workspace: GitWorkspace, bare: Path, tmp_path: Path
) -> None:
    head = push_by_hand(
        bare,
        tmp_path,
        {"a.txt": None, "moved.txt": LINES + "more\n", "gone": None, "uv.lock": "1\n2\n"},
        branch="feature",
    )
    base = push_by_hand(bare, tmp_path, {"keep": "2\n", "a.txt": LINES})  # main goes on
    files = read_diff(workspace.git, base, head)
    assert [(f.path, f.old_path, f.status, f.additions, f.deletions) for f in files] == [
        ("gone", "gone", FileStatus.DELETED, 0, 1),
        ("moved.txt", "a.txt", FileStatus.RENAMED, 1, 0),
        ("uv.lock", "uv.lock", FileStatus.ADDED, 2, 0),
    ]
    assert [line.text for line in files[1].hunks[0].lines][-1] == "more"
    assert measure(read_sizes(workspace.git, base, head)) == ChangeSize(3, 1, 3, 1, 1, 2)


def test_of_a_huge_difference_the_files_and_counts_are_left(
    workspace: GitWorkspace, bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = push_by_hand(bare, tmp_path, {"huge": "x\n" * 5000}, branch="feature")
    monkeypatch.setattr(comparing, "LARGEST_DIFF", 4000)
    [file] = read_diff(workspace.git, git(bare, "rev-parse", "main"), head)
    assert (file.path, file.additions, file.is_truncated, file.hunks) == ("huge", 5000, True, ())


def test_a_text_of_megabytes_still_counts_its_lines(
    workspace: GitWorkspace, bare: Path, tmp_path: Path
) -> None:
    head = push_by_hand(bare, tmp_path, {"dump.json": f"{'x' * 99}\n" * 30_000}, branch="feature")
    [size] = read_sizes(workspace.git, git(bare, "rev-parse", "main"), head)
    assert size.additions == 30_000


def test_two_sides_that_go_together_merge(
    workspace: GitWorkspace, bare: Path, tmp_path: Path
) -> None:
    head = push_by_hand(bare, tmp_path, {"new": "1\n"}, branch="feature")
    base = push_by_hand(bare, tmp_path, {"keep": "2\n"})
    trial = try_merge(workspace.git, base, head)
    assert trial.is_clean
    listing = workspace.git.run("ls-tree", "--name-only", trial.tree).stdout.decode().split()
    assert listing == ["a.txt", "gone", "keep", "new"]
    assert git(bare, "rev-parse", "main") == base


def test_two_sides_that_do_not_go_together_name_the_files(
    workspace: GitWorkspace, bare: Path, tmp_path: Path
) -> None:
    head = push_by_hand(bare, tmp_path, {"keep": "ours\n", "gone": "g\n"}, branch="feature")
    base = push_by_hand(bare, tmp_path, {"keep": "theirs\n", "gone": "h\n"})
    trial = try_merge(workspace.git, base, head)
    assert (trial.is_clean, trial.conflicts) == (False, ("gone", "keep"))


def test_histories_that_never_met_do_not_merge(
    workspace: GitWorkspace, bare: Path, tmp_path: Path
) -> None:
    tree = git(bare, "rev-parse", "main^{tree}")
    stranger = git(bare, "commit-tree", tree, "-m", "stranger")
    trial = try_merge(workspace.git, git(bare, "rev-parse", "main"), stranger)
    assert trial == MergeTrial(tree="", has_common_history=False)


def test_a_commit_that_is_not_there_is_an_error(workspace: GitWorkspace, bare: Path) -> None:
    with pytest.raises(GitFailed):
        try_merge(workspace.git, git(bare, "rev-parse", "main"), "1" * 40)
