"""The difference between two contents that lie in no repository yet."""

from __future__ import annotations

import difflib

from flagstone.forge.git.diffs import FileDiff, FileStatus, parse_hunks

LINES_SHOWN = 2000


def compare(path: str, before: bytes, after: bytes) -> FileDiff:
    """Compare two contents of one file, as a page shows it."""
    try:
        old, new = before.decode(), after.decode()
    except UnicodeDecodeError:
        return _diff(path, (), is_binary=True)
    lines = []
    for line in difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), lineterm="\n"
    ):
        lines.append(line.removesuffix("\n"))
        if not line.endswith("\n"):
            lines.append("\\ No newline at end of file")
    # without the two lines that name the files
    return _diff(path, tuple(lines[2:]))


def _diff(path: str, lines: tuple[str, ...], *, is_binary: bool = False) -> FileDiff:
    return FileDiff(
        path=path,
        old_path=path,
        status=FileStatus.MODIFIED,
        old_mode="100644",
        new_mode="100644",
        additions=sum(line.startswith("+") for line in lines),
        deletions=sum(line.startswith("-") for line in lines),
        is_binary=is_binary,
        is_truncated=len(lines) > LINES_SHOWN,
        hunks=tuple(parse_hunks(lines[:LINES_SHOWN])),
    )
