"""Rows of the fault matrix about what an attempt takes of the machine, and about a machine that lacks it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flagstone.forge.errors import GitMissing, NoRoom
from flagstone.forge.git import workspace as workspaces
from flagstone.forge.git.pushing import PushResult
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.git.http_host import BRANCH, HttpHost, build
from tests.forge.repositories import change_set, git, meta

FILES, FOLDERS, MEGABYTE = 100_000, 1_000, 1024 * 1024


def fill(bare: Path) -> None:
    """Give a repository 100 000 files of 200 bytes or more in 1 000 folders, on its branch main."""
    stream = bytearray(
        b"commit refs/heads/main\ncommitter Hand <hand@example.com> 0 +0000\ndata 3\nBig\n"
    )
    stream += b"from refs/heads/main^0\n"
    for number in range(FILES):
        data = f"number: {number}\n".encode() + os.urandom(100).hex().encode()
        path = f"services/{number % FOLDERS}/file-{number}.yaml"
        stream += f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
    subprocess.run(
        ["git", "-c", "pack.threads=1", "fast-import", "--quiet", "--depth=0"],
        cwd=bare,
        input=bytes(stream),
        check=True,
    )


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of one megabyte, where workspaces are made."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a disk of its own needs root and the right to mount")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
def test_row_33_a_repository_of_100_000_files_is_changed_in_five_seconds_and_fifty_megabytes(
    web: HttpHost, scratch: Path
) -> None:
    fill(web.bare)
    base = web.branches()["main"]
    began = time.monotonic()
    with GitWorkspace(web.remote()) as workspace:
        refs = workspace.observe("main", BRANCH)
        changes = change_set({f"services/new/{n}.yaml": f"n: {n}\n" for n in range(20)})
        commit = workspace.build_commit(refs.head(), changes, meta())
        outcome = workspace.push(commit, BRANCH, expected=None)
        took, size = time.monotonic() - began, size_of(scratch)
        kinds = workspace.git.run(
            "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)", "--unordered"
        ).stdout.split()
    assert outcome.result is PushResult.PUSHED
    assert commit.base == base
    assert took < 5
    assert size < 50 * MEGABYTE
    assert kinds.count(b"blob") == 20
    assert len(web.server.sent("POST /acme/gitops.git/git-upload-pack")) == 2  # refs, and one fetch
    listing = git(web.bare, "ls-tree", "-r", "--name-only", BRANCH).splitlines()
    assert len(listing) == FILES + 22


def test_row_35_a_disk_that_is_full_is_worth_another_try_and_nothing_is_pushed(
    web: HttpHost, small_disk: Path
) -> None:
    with GitWorkspace(web.remote()) as workspace:
        base = workspace.observe("main").head()
        changes = change_set({"big": os.urandom(2 * MEGABYTE)})
        with pytest.raises(NoRoom) as caught:
            workspace.build_commit(base, changes, meta())
    assert caught.value.retryable
    assert "free some space" in caught.value.message
    assert list(small_disk.iterdir()) == []
    assert list(web.branches()) == ["main"]


def test_row_35_a_disk_that_is_full_from_the_start_leaves_nothing(
    web: HttpHost, small_disk: Path
) -> None:
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    with pytest.raises(NoRoom, match="No space left on device"), GitWorkspace(web.remote()):
        pass
    assert list(small_disk.iterdir()) == [filler]
    filler.unlink()
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        assert workspace.push(commit, BRANCH, expected=None).result is PushResult.PUSHED


def test_row_35_a_folder_that_vanishes_under_a_running_attempt_pushes_nothing(
    web: HttpHost, scratch: Path
) -> None:
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        subprocess.run(["rm", "-rf", str(scratch)], check=True)
        with pytest.raises(NoRoom) as caught:
            workspace.push(commit, BRANCH, expected=None)
    assert caught.value.retryable
    assert "is not there any more" in caught.value.message
    assert list(web.branches()) == ["main"]


def test_row_35_a_missing_folder_for_temporary_files_is_told_with_its_name(
    web: HttpHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(NoRoom, match=r"in .*/gone: .*set TMPDIR") as caught:
        GitWorkspace(web.remote()).__enter__()
    assert caught.value.retryable
    assert workspaces.remove_abandoned() == 0


def test_row_35_a_machine_without_git_pushes_nothing_and_leaves_nothing(
    web: HttpHost, scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        GitWorkspace(web.remote()) as workspace,
        pytest.raises(GitMissing, match=r"install git 2\.38 or newer here and on every worker"),
    ):
        workspace.observe("main")
    assert list(scratch.iterdir()) == []
    assert web.server.requests == []
