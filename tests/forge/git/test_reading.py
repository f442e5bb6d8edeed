from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from flagstone.forge.errors import RefNotFound, TreeTooLarge
from flagstone.forge.git.reading import (
    ReadLimits,
    SkippedFile,
    Tree,
    existing_paths,
    read_tree,
    resolve_commit,
)
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.repositories import git, make_repository, record_commands, remote

FILES = {
    "README.md": "hello\n",
    "services/a/x.yaml": "x: 1\n",
    "services/a/same.yaml": "x: 1\n",
    "services/ab/ü .yaml": b"\x00\xff",
    "empty": "",
}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "host", FILES)


@pytest.fixture
def workspace(bare: Path) -> Iterator[GitWorkspace]:
    with GitWorkspace(remote(bare)) as opened:
        yield opened


def head(workspace: GitWorkspace) -> str:
    return workspace.observe("main").head()


def test_every_file_is_read_byte_for_byte(workspace: GitWorkspace) -> None:
    commit = head(workspace)
    assert read_tree(workspace.git, commit) == Tree(
        commit,
        {
            "README.md": b"hello\n",
            "empty": b"",
            "services/a/same.yaml": b"x: 1\n",
            "services/a/x.yaml": b"x: 1\n",
            "services/ab/ü .yaml": b"\x00\xff",
        },
    )


@pytest.mark.parametrize(
    ("prefix", "paths"),
    [
        ("services/a", ["services/a/same.yaml", "services/a/x.yaml"]),
        ("services/a/", ["services/a/same.yaml", "services/a/x.yaml"]),
        ("services/a/x.yaml", ["services/a/x.yaml"]),
        ("services/*", []),
        ("nowhere", []),
        ("--help", []),
    ],
)
def test_a_folder_is_read_alone_and_never_as_a_pattern(
    workspace: GitWorkspace, prefix: str, paths: list[str]
) -> None:
    assert sorted(read_tree(workspace.git, head(workspace), prefix=prefix).files) == paths


def test_the_whole_read_takes_two_processes(
    workspace: GitWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = head(workspace)
    commands = record_commands(monkeypatch)
    read_tree(workspace.git, commit)
    assert commands == ["ls-tree", "cat-file"]


def test_links_submodules_and_large_files_are_named_and_not_read(
    bare: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(bare), str(clone))
    (clone / "link").symlink_to("/etc/passwd")
    (clone / "large").write_text("x" * 100)
    git(clone, "add", ".")
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    git(clone, "commit", "--quiet", "--message", "odd")
    git(clone, "push", "--quiet", "origin", "main")
    with GitWorkspace(remote(bare)) as workspace:
        tree = read_tree(workspace.git, head(workspace), limits=ReadLimits(file_bytes=99))
    assert tree.skipped == (
        SkippedFile("large", "100 bytes: files over 99 bytes are not read"),
        SkippedFile("link", "a symbolic link: links are not followed"),
        SkippedFile("module", "a submodule: other repositories are not read from here"),
    )
    assert sorted(tree.files) == sorted(
        ["README.md", "empty", "services/a/same.yaml", "services/a/x.yaml", "services/ab/ü .yaml"]
    )


def test_a_name_that_is_not_text_is_skipped(bare: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(bare), str(clone))
    blob = git(clone, "hash-object", "-w", "--stdin", stdin="x")
    tree = _make_tree(clone, b"100644 blob " + blob.encode() + b"\tbad\xff\nname")
    commit = git(clone, "commit-tree", tree, "-m", "odd")
    git(clone, "push", "--quiet", "--force", "origin", f"{commit}:refs/heads/main")
    with GitWorkspace(remote(bare)) as workspace:
        read = read_tree(workspace.git, head(workspace))
    assert (read.files, [skipped.reason for skipped in read.skipped]) == (
        {},
        ["its name is not readable text"],
    )


def test_a_forged_path_is_skipped(bare: Path, tmp_path: Path) -> None:
    git(bare, "config", "receive.fsckObjects", "false")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(bare), str(clone))
    blob = git(clone, "hash-object", "-w", "--stdin", stdin="x")
    inner = _make_tree(clone, f"100644 blob {blob}\tx".encode())
    entries = (f"040000 tree {inner}\t..", f"040000 tree {inner}\t.GIT", f"100644 blob {blob}\tfit")
    tree = _make_tree(clone, "\0".join(entries).encode())
    commit = git(clone, "commit-tree", tree, "-m", "forged")
    git(clone, "push", "--quiet", "--force", "origin", f"{commit}:refs/heads/main")
    with GitWorkspace(remote(bare)) as workspace:
        read = read_tree(workspace.git, head(workspace))
    assert list(read.files) == ["fit"]
    assert read.skipped == (
        SkippedFile("../x", "its path leads out of the repository"),
        SkippedFile(".GIT/x", "its path leads out of the repository"),
    )


def _make_tree(clone: Path, entries: bytes) -> str:
    done = subprocess.run(
        ["git", "mktree", "-z"], cwd=clone, input=entries + b"\0", capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def test_too_many_files_are_an_error_and_not_a_part(workspace: GitWorkspace) -> None:
    with pytest.raises(TreeTooLarge, match="There are 5 files in the repository; 4 are the most"):
        read_tree(workspace.git, head(workspace), limits=ReadLimits(files=4))


def test_too_many_bytes_are_an_error_and_not_a_part(workspace: GitWorkspace) -> None:
    with pytest.raises(TreeTooLarge, match="in services/a hold 10 bytes; 9 are the most"):
        read_tree(
            workspace.git, head(workspace), prefix="services/a", limits=ReadLimits(total_bytes=9)
        )


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([], set()),
        (["services/a"], {"services/a"}),
        (["services/a/"], {"services/a"}),
        (
            ["services/a/x.yaml", "services/b", "README.md", "readme.md"],
            {"services/a/x.yaml", "README.md"},
        ),
        (["services/*", "serv"], set()),
        (["services/ab/ü .yaml"], {"services/ab/ü .yaml"}),
    ],
)
def test_paths_that_are_there_are_told_without_reading_them(
    workspace: GitWorkspace, asked: list[str], found: set[str]
) -> None:
    assert existing_paths(workspace.git, head(workspace), asked) == found


def test_an_id_is_resolved_to_the_whole_commit_id(workspace: GitWorkspace) -> None:
    commit = head(workspace)
    assert resolve_commit(workspace.git, commit, name="x") == commit
    assert resolve_commit(workspace.git, commit[:12], name="x") == commit


@pytest.mark.parametrize("ref", ["gone", "--all", "main:README.md", "", "a b", "1" * 40])
def test_a_ref_that_leads_to_no_commit_is_refused(workspace: GitWorkspace, ref: str) -> None:
    with pytest.raises(RefNotFound, match="There is no branch, tag or commit"):
        resolve_commit(workspace.git, ref, name="acme/gitops")


def test_a_far_repository_is_read_with_its_contents(bare: Path) -> None:
    with GitWorkspace(GitRemote(name="far", url=f"file://{bare}")) as workspace:
        commit = head(workspace)
        workspace.fetch(commit, blobs=True)
        assert read_tree(workspace.git, commit, prefix="services/a").files == {
            "services/a/same.yaml": b"x: 1\n",
            "services/a/x.yaml": b"x: 1\n",
        }
