"""Asks git how two commits differ, and whether they merge."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.forge.errors import GitFailed, OutputTooLarge
from flagstone.forge.git.command import Git
from flagstone.forge.git.diffs import FileDiff, parse_diff
from flagstone.forge.git.sizes import FileSize

LARGEST_DIFF = 16 * 1024 * 1024
# of files and counts alone: some fifty thousand
LARGEST_LIST = 8 * 1024 * 1024
LINES_PER_FILE = 3_000
LINES_IN_ALL = 30_000

_DIFF = (
    "-r", "-z", "-M", "--raw", "--numstat", "--no-color", "--no-ext-diff", "--no-textconv",
    "--merge-base",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MergeTrial:
    """What merging two commits would give: a tree, or the paths that both sides changed."""

    tree: str
    conflicts: tuple[str, ...] = ()
    has_common_history: bool = True

    @property
    def is_clean(self) -> bool:
        return self.has_common_history and not self.conflicts


def read_diff(git: Git, base: str, head: str) -> list[FileDiff]:
    """Read what a branch changed since it left its base.

    Of a change too large to show, the files and their counts are left, each marked as truncated.

    Raises:
        OutputTooLarge: Even those are too many.
        TimedOut: git did not get through them.
        GitFailed: A commit is not there, or git came to its limits.
    """
    try:
        output = git.run("diff-tree", *_DIFF, "--patch", base, head, output_limit=LARGEST_DIFF)
    except OutputTooLarge:
        output = git.run("diff-tree", *_DIFF, base, head, output_limit=LARGEST_LIST)
    return parse_diff(output.stdout, lines_per_file=LINES_PER_FILE, lines_in_all=LINES_IN_ALL)


def read_sizes(git: Git, base: str, head: str) -> tuple[FileSize, ...]:
    """Count what a branch changed in each file since it left its base, without reading the lines.

    Raises:
        OutputTooLarge: The files are too many.
        TimedOut: git did not get through them.
        GitFailed: A commit is not there, or git came to its limits.
    """
    output = git.run("diff-tree", *_DIFF, base, head, output_limit=LARGEST_LIST)
    files = parse_diff(output.stdout, lines_per_file=0)
    return tuple(FileSize(file.path, file.additions, file.deletions) for file in files)


def try_merge(git: Git, base: str, head: str) -> MergeTrial:
    """Merge two commits in the object store alone; no branch moves.

    Raises:
        GitFailed: git could not try.
    """
    done = git.run(
        "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", base, head,
        accept=(0, 1, 128),
    )  # fmt: skip
    if done.status == 128 and "unrelated histories" in done.stderr:
        return MergeTrial(tree="", has_common_history=False)
    if not done.stdout:  # a missing commit ends with the exit code of a conflict
        raise GitFailed(f"git merge-tree failed: {done.stderr}", status=done.status)
    tree, *paths = done.stdout.decode("utf-8", "replace").rstrip("\0").split("\0")
    return MergeTrial(tree, tuple(paths))
