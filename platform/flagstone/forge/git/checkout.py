"""The files of one commit in a folder, as `git clone` would lay them out; no history, no hooks, no submodules."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flagstone.forge.errors import GitFailed, RefNotFound, TransportError, TreeTooLarge
from flagstone.forge.git.command import Git
from flagstone.forge.git.limits import ProcessLimits
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.workspace import GitWorkspace

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_LONGEST_REF = 200
_BAD_REF = re.compile(r"[\x00-\x20~^:?*\[\\\x7f]|\.\.|@\{|//|\A-|\A/|/\Z|\.lock\Z|\.\Z")


@dataclass(frozen=True, slots=True)
class CheckoutLimits:
    """How much one checkout may bring, and what git may take to find out."""

    files: int = 5_000
    file_bytes: int = 8 * 1024 * 1024
    total_bytes: int = 64 * 1024 * 1024
    process: ProcessLimits = field(default_factory=ProcessLimits)


def check_out(
    remote: GitRemote, ref: str, into: Path, *, limits: CheckoutLimits | None = None
) -> str:
    """Fetch one commit and write its files; return its full id.

    Line ends and the like follow the repository's own .gitattributes, as with every clone. A filter that
    needs a program of its own, such as Git LFS, is not run.

    Args:
        remote: The repository.
        ref: A branch, a tag or the full id of a commit; '' for the default branch.
        into: An empty folder.
        limits: What is too much.

    Raises:
        RefNotFound: There is no such branch, tag or commit.
        TreeTooLarge: It holds too much.
        TransportError: The repository cannot be read.
    """
    limits = limits or CheckoutLimits()
    if len(ref) > _LONGEST_REF or _BAD_REF.search(ref):
        raise RefNotFound(f"{ref[:_LONGEST_REF]!r} cannot be a branch, a tag or a commit.", ref=ref)
    with GitWorkspace(remote, limits=limits.process) as workspace:
        commit = ref if _COMMIT.match(ref) else workspace.look_up(ref)
        _fetch(workspace, commit, limits)
        _check_size(workspace.git, commit, remote.name, limits)
        work = workspace.git.with_environment(GIT_WORK_TREE=str(into.resolve()))
        work.run("read-tree", "--reset", "-u", commit)
    _check_written(into, remote.name, limits)
    return commit


def _fetch(workspace: GitWorkspace, commit: str, limits: CheckoutLimits) -> None:
    name = workspace.remote.name
    try:
        workspace.fetch(commit, up_to=limits.file_bytes)
        workspace.git.run("cat-file", "-e", f"{commit}^{{commit}}")
    except (TransportError, GitFailed) as error:
        if isinstance(error, TransportError) and "not our ref" not in error.message:
            raise
        raise RefNotFound(f"The repository {name} has no commit {commit}.", ref=commit) from error


def _check_size(git: Git, commit: str, name: str, limits: CheckoutLimits) -> None:
    """Refuse what is too much before anything is written; asking for a size would fetch what was left away."""
    files = dict(_files(git, commit))
    if len(files) > limits.files:
        raise TreeTooLarge(f"{name} holds more than {limits.files} files.")
    missing = _left_away(git, commit)
    asked = {blob for blob in files.values() if blob not in missing}
    done = git.run(
        "cat-file", "--batch-check", stdin="".join(f"{blob}\n" for blob in sorted(asked)).encode()
    )
    sizes = {line.split()[0]: int(line.split()[2]) for line in done.stdout.decode().splitlines()}
    for path, blob in files.items():
        if sizes.get(blob, limits.file_bytes + 1) > limits.file_bytes:
            raise _too_large_file(path, name, limits)
    if sum(sizes[blob] for blob in files.values()) > limits.total_bytes:
        raise _too_large(name, limits)


def _check_written(into: Path, name: str, limits: CheckoutLimits) -> None:
    """Look again at what lies there: an encoding of .gitattributes makes four bytes of one."""
    total = 0
    for folder, _, files in os.walk(into):
        for file in (Path(folder, each) for each in files):
            size = file.lstat().st_size
            total += size
            if size > limits.file_bytes:
                raise _too_large_file(file.relative_to(into).as_posix(), name, limits)
    if total > limits.total_bytes:
        raise _too_large(name, limits)


def _too_large_file(path: str, name: str, limits: CheckoutLimits) -> TreeTooLarge:
    return TreeTooLarge(f"{name}: {path} is larger than {limits.file_bytes // (1024 * 1024)} MB.")


def _too_large(name: str, limits: CheckoutLimits) -> TreeTooLarge:
    return TreeTooLarge(f"{name} is larger than {limits.total_bytes // (1024 * 1024)} MB.")


def _files(git: Git, commit: str) -> Iterator[tuple[str, str]]:
    done = git.run("ls-tree", "-r", "-z", "--full-tree", commit)
    for record in done.stdout.split(b"\0"):
        head, _, path = record.partition(b"\t")
        if head and head.split()[1] == b"blob":
            yield path.decode("utf-8", "replace"), head.split()[2].decode()


def _left_away(git: Git, commit: str) -> set[str]:
    done = git.run("rev-list", "--objects", "--missing=print", "--no-walk", commit)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return {line.removeprefix("?") for line in lines if line.startswith("?")}
