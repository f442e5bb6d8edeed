"""What changed in a clone since a revision, asked of the real git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from flagstone.cli.changed_files import changed_files
from flagstone.core.errors import FlagstoneError, UserError


def git(folder: Path, *arguments: str) -> str:
    identity = {
        f"GIT_{who}_{what}": "t@example.com"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **identity},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def commit(folder: Path, **files: str | None) -> str:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    texts = {f"s{n}__a_yaml": f"a: {n}\n" * 9 for n in range(4)}
    commit(folder, **texts)
    git(folder, "checkout", "-q", "-b", "work")
    return folder


def test_committed_uncommitted_untracked_gone_and_renamed(clone: Path) -> None:
    commit(clone, s0__a_yaml="b: 1\n", s1__a_yaml=None)
    git(clone, "mv", "s2/a.yaml", "s2/renamed.yaml")
    (clone / "s3" / "new file\n.yaml").write_text("")
    (clone / ".gitignore").write_text("*.log\n")
    (clone / "s3" / "x.log").write_text("")

    assert changed_files(clone, "main").files == {
        "s0/a.yaml",
        "s1/a.yaml",
        "s2/a.yaml",
        "s2/renamed.yaml",
        "s3/new file\n.yaml",
        ".gitignore",
    }


def test_what_main_did_meanwhile_is_not_of_this_branch(clone: Path) -> None:
    commit(clone, s0__a_yaml="b: 1\n")
    git(clone, "checkout", "-q", "main")
    commit(clone, s1__a_yaml="c: 1\n")
    git(clone, "checkout", "-q", "work")

    assert changed_files(clone, "main").files == {"s0/a.yaml"}


def test_what_they_held_before(clone: Path) -> None:
    (clone / "s1" / "link.yaml").symlink_to("a.yaml")
    (clone / "s1" / "large.yaml").write_bytes(b"#" * (5 * 1024 * 1024 + 1))
    commit(clone, s3__a_yaml=None)
    commit(clone, s0__a_yaml="b: 1\n", s1__a_yaml=None, s4__new_yaml="c: 1\n")
    (clone / "s1" / "link.yaml").unlink()
    (clone / "s1" / "large.yaml").unlink()

    assert changed_files(clone, "HEAD~1").before == {
        "s0/a.yaml": b"a: 0\n" * 9,
        "s1/a.yaml": b"a: 1\n" * 9,
        "s1/link.yaml": None,
        "s1/large.yaml": None,
        "s4/new.yaml": None,
    }


def test_what_is_asked_for_elsewhere_in_the_clone(clone: Path) -> None:
    commit(clone, s0__a_yaml="b: 1\n", policies__one_yaml="b: 1\n", policiesfoo__a_yaml="b: 1\n")
    found = changed_files(clone / "s0", "HEAD~1")

    assert found.files == {"a.yaml"}
    assert found.below(clone / "policies") == "policies/one.yaml"
    assert found.below(clone / "policies" / "one.yaml") == "policies/one.yaml"
    assert found.below(clone / "pol") == ""
    assert found.below(clone.parent) == ""


def test_below_a_folder_only_what_is_there_and_named_from_there(clone: Path) -> None:
    commit(clone, s0__a_yaml="b: 1\n", s1__a_yaml="b: 1\n")
    (clone / ".git" / "config").open("a").write("[diff]\n\trelative = true\n\tnoprefix = true\n")

    assert changed_files(clone / "s0", "HEAD~1").files == {"a.yaml"}
    assert changed_files(clone / "s1" / "a.yaml", "HEAD~1").files == {"a.yaml"}
    assert changed_files(clone / "s2", "HEAD~1").files == set()


@pytest.mark.parametrize("revision", ["none", "--help", "--output=x", "", "main..work", "HEAD:s0"])
def test_a_revision_that_is_none(clone: Path, revision: str) -> None:
    with pytest.raises(UserError) as error:
        changed_files(clone, revision)

    assert error.value.message == (
        f"--changed-since {revision}: there is no such revision here; "
        "see `git branch --all`, or fetch it first"
    )
    assert not (clone / "x").exists()


def test_no_work_tree(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        changed_files(tmp_path, "main")

    assert error.value.message == (
        f"--changed-since needs a git work tree, and {tmp_path} is in none: score a clone, "
        "or leave --changed-since out"
    )


def test_no_git(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(clone))

    with pytest.raises(FlagstoneError, match="install git"):
        changed_files(clone, "main")


def test_nothing_committed_yet(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    with pytest.raises(UserError, match="no such revision"):
        changed_files(tmp_path, "HEAD")


def test_no_history_in_common(clone: Path) -> None:
    git(clone, "checkout", "-q", "--orphan", "other")
    commit(clone, s0__a_yaml="z: 1\n")

    with pytest.raises(UserError, match="no history in common"):
        changed_files(clone, "main")


def test_a_shallow_clone_says_how_to_get_the_rest(clone: Path, tmp_path: Path) -> None:
    commit(clone, s0__a_yaml="b: 1\n")
    git(clone, "checkout", "-q", "main")
    commit(clone, s1__a_yaml="c: 1\n")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{clone}", "shallow")
    git(shallow, "checkout", "-q", "work")

    with pytest.raises(UserError, match="this clone is shallow and does not reach back"):
        changed_files(shallow, "origin/main")
    with pytest.raises(UserError, match="fetch --unshallow"):
        changed_files(shallow, "HEAD~1")
