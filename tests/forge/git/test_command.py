from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.forge.errors import GitFailed, GitMissing, NoRoom, OutputTooLarge, TimedOut
from flagstone.forge.git.command import Git
from flagstone.forge.git.environment import clean_environment


@pytest.fixture
def git_here(tmp_path: Path) -> Git:
    return Git(tmp_path, clean_environment(tmp_path))


def test_a_command_gets_its_input_and_gives_its_output(git_here: Git) -> None:
    done = git_here.run("hash-object", "--stdin", stdin=b"hello\n")
    assert done.stdout == b"ce013625030ba8dba906f756967f9e9ca394464a\n"


def test_a_failure_says_which_command_and_why(git_here: Git) -> None:
    with pytest.raises(GitFailed) as caught:
        git_here.run("rev-parse", "HEAD")
    assert caught.value.params["status"] == 128
    assert caught.value.message.startswith(
        "git rev-parse failed with exit code 128: fatal: not a git"
    )
    assert not caught.value.retryable


def test_an_accepted_exit_code_is_an_answer(git_here: Git) -> None:
    assert git_here.run("rev-parse", "HEAD", accept=(128,)).status == 128
    assert git_here.run("rev-parse", "HEAD", accept=None).status == 128


def test_a_secret_in_what_git_says_is_masked(git_here: Git) -> None:
    with pytest.raises(GitFailed) as caught:
        git_here.run("ls-remote", "https://mia:canary-token@127.0.0.1:1/x.git")
    assert "canary-token" not in str(caught.value)


def test_a_transport_that_is_not_allowed_is_refused(git_here: Git) -> None:
    with pytest.raises(GitFailed, match="transport 'ext' not allowed"):
        git_here.run("ls-remote", "ext::sh -c touch% evil")
    with pytest.raises(GitFailed, match="transport 'https' not allowed"):
        git_here.run("ls-remote", "https://127.0.0.1/x.git")


def with_own_git(folder: Path, script: str, *, version: str) -> Git:
    """Return git where a script stands in for the program."""
    own = folder / "bin" / "git"
    own.parent.mkdir()
    tells = f'[ "$1" = --version ] && {{ echo "{version}"; exit 0; }}'
    own.write_text(f"#!/bin/sh\n{tells}\n{script}\n")
    own.chmod(0o755)
    environment = {**clean_environment(folder), "PATH": f"{own.parent}:/usr/bin:/bin"}
    return Git(folder, environment)


def test_a_slow_command_is_ended(tmp_path: Path) -> None:
    slow = with_own_git(tmp_path, "sleep 30", version="git version 2.39.5")
    with pytest.raises(TimedOut, match=r"git push did not end within 0\.3 seconds") as caught:
        slow.run("push", time_limit=0.3)
    assert caught.value.retryable


@pytest.mark.parametrize(
    "words",
    [
        "fatal: write error: No space left on device",
        "error: x\nfatal: sha1 file y write error. Out of diskspace",
        "error: unable to write file z: Disk quota exceeded",
    ],
)
def test_a_full_disk_is_worth_another_try(tmp_path: Path, words: str) -> None:
    full = with_own_git(
        tmp_path, f"echo '{words}' >&2; exit 128", version="git version 2.50.1 (Apple Git-155)"
    )
    with pytest.raises(NoRoom, match="The disk is full: git fast-import could not write"):
        full.run("fast-import")


def test_a_full_disk_of_the_other_side_is_not_taken_for_ours(tmp_path: Path) -> None:
    words = "remote: fatal: write error: No space left on device"
    full = with_own_git(tmp_path, f"echo '{words}' >&2; exit 128", version="git version 2.39.5")
    with pytest.raises(GitFailed):
        full.run("fetch")


@pytest.mark.parametrize("version", ["git version 2.37.9", "git version 1.9", "not found", ""])
def test_row_35_a_git_that_is_too_old_is_not_used_at_all(tmp_path: Path, version: str) -> None:
    old = with_own_git(tmp_path, f"touch {tmp_path}/ran", version=version)
    with pytest.raises(GitMissing, match=r"git 2\.38 or newer here and on every worker") as caught:
        old.run("push")
    assert f"it calls itself '{version}'" in caught.value.message
    assert caught.value.retryable
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("version", ["git version 2.38.0", "git version 3.0.0.rc1"])
def test_a_git_that_is_new_enough_is_used(tmp_path: Path, version: str) -> None:
    assert with_own_git(tmp_path, "echo hello", version=version).run("x").stdout == b"hello\n"


def test_too_much_output_is_refused(git_here: Git) -> None:
    with pytest.raises(OutputTooLarge, match="git help gave more than 100 bytes"):
        git_here.run("help", "-a", output_limit=100)


def test_a_machine_without_git_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {**clean_environment(tmp_path), "PATH": str(tmp_path)}
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitMissing, match=r"install git 2\.38 or newer") as caught:
        Git(tmp_path, environment).run("version")
    assert caught.value.retryable
