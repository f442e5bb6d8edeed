"""A difference between two commits as a page shows it: files, hunks and numbered lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise, zip_longest


class FileStatus(StrEnum):
    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"
    TYPE_CHANGED = "type-changed"


class LineKind(StrEnum):
    CONTEXT = "context"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk; `ends_file` marks a last line without a line break."""

    kind: LineKind
    text: str
    old_number: int | None
    new_number: int | None
    ends_file: bool = False


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changed lines that lie together, with some lines around them; `heading` is git's guess."""

    old_start: int
    new_start: int
    heading: str
    lines: tuple[Line, ...]

    @property
    def pairs(self) -> Iterator[tuple[Line | None, Line | None]]:
        """The lines side by side: old left, new right, None where a side has nothing."""
        removed: list[Line] = []
        added: list[Line] = []
        for line in self.lines:
            if line.kind is LineKind.REMOVED and not added:
                removed.append(line)
            elif line.kind is LineKind.ADDED:
                added.append(line)
            else:
                yield from zip_longest(removed, added)
                removed, added = [], []
                if line.kind is LineKind.REMOVED:
                    removed.append(line)
                else:
                    yield line, line
        yield from zip_longest(removed, added)


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What changed in one file.

    Attributes:
        path: Its path now; the old one if it was deleted.
        old_path: Its path before, different for a renamed or copied file.
        is_truncated: There is more than is shown; the counts are still the whole.
    """

    path: str
    old_path: str
    status: FileStatus
    old_mode: str
    new_mode: str
    additions: int
    deletions: int
    is_binary: bool = False
    is_truncated: bool = False
    hunks: tuple[Hunk, ...] = ()

    @property
    def mode_changed(self) -> bool:
        return self.status is FileStatus.MODIFIED and self.old_mode != self.new_mode


_STATUSES = {
    "A": FileStatus.ADDED,
    "M": FileStatus.MODIFIED,
    "D": FileStatus.DELETED,
    "R": FileStatus.RENAMED,
    "C": FileStatus.COPIED,
    "T": FileStatus.TYPE_CHANGED,
}


@dataclass(slots=True)
class _Head:
    """One file of the raw part, before its counts and hunks are known."""

    path: str
    old_path: str
    status: FileStatus
    old_mode: str
    new_mode: str


def parse_diff(
    output: bytes, *, lines_per_file: int, lines_in_all: int | None = None
) -> list[FileDiff]:
    """Read the output of `git diff-tree -r -z -M --raw --numstat [--patch]`.

    The raw part gives the exact paths, the counts follow, and the patch comes in the same order; so no
    path is ever taken from a patch header, where a hostile name could pass for something else.

    Args:
        output: All that git wrote.
        lines_per_file: Of the patch, that are read of one file at most.
        lines_in_all: That are read of all files together; None for all of them.
    """
    numbers, _, patch = output.partition(b"\0\0")
    fields = numbers.decode("utf-8", "replace").rstrip("\0").split("\0")
    heads, rest = _parse_raw(fields)
    counts = _parse_counts(rest, len(heads))
    sections = _split_patch(patch) if patch else iter(())
    files, left = [], lines_in_all
    for head, count in zip(heads, counts, strict=True):
        section = _sections_of(head, sections)
        most = lines_per_file if left is None else min(lines_per_file, left)
        files.append(_file_diff(head, count, section, most))
        left = left and left - min(len(section), most)
    return files


def _parse_raw(fields: list[str]) -> tuple[list[_Head], list[str]]:
    heads, place = [], 0
    while place < len(fields) and fields[place].startswith(":"):
        old_mode, new_mode, _, _, letter = fields[place][1:].split(" ")
        status = _STATUSES[letter[0]]
        moved = status in {FileStatus.RENAMED, FileStatus.COPIED}
        old_path, path = fields[place + 1], fields[place + 2 if moved else place + 1]
        heads.append(_Head(path, old_path, status, old_mode, new_mode))
        place += 3 if moved else 2
    return heads, fields[place:]


def _parse_counts(fields: list[str], files: int) -> list[tuple[int, int, bool]]:
    counts, place = [], 0
    for _ in range(files):
        added, deleted, path = fields[place].split("\t", 2)
        is_binary = added == "-"
        counts.append((0, 0, True) if is_binary else (int(added), int(deleted), False))
        place += 1 if path else 3  # a moved file gives its two paths as fields of their own
    return counts


def _split_patch(patch: bytes) -> Iterator[list[str]]:
    """Cut a patch into its files; a line of content never begins with a letter."""
    section: list[str] = []
    for line in patch.decode("utf-8", "replace").removesuffix("\n").split("\n"):
        if line.startswith("diff --git "):
            if section:
                yield section
            section = []
        section.append(line)
    yield section


def _sections_of(head: _Head, sections: Iterator[list[str]]) -> list[str]:
    lines = next(sections, [])
    if head.status is FileStatus.TYPE_CHANGED:  # shown as one file deleted and another added
        lines = lines + next(sections, [])
    return lines


def _file_diff(
    head: _Head, count: tuple[int, int, bool], section: Sequence[str], lines_per_file: int
) -> FileDiff:
    additions, deletions, is_binary = count
    hunks = tuple(parse_hunks(section[:lines_per_file]))
    return FileDiff(
        path=head.path,
        old_path=head.old_path,
        status=head.status,
        old_mode=head.old_mode,
        new_mode=head.new_mode,
        additions=additions,
        deletions=deletions,
        is_binary=is_binary,
        is_truncated=len(section) > lines_per_file
        or (not section and not is_binary and bool(additions + deletions)),
        hunks=hunks,
    )


def parse_hunks(section: Sequence[str]) -> Iterator[Hunk]:
    """Read the hunks of one file out of the lines of its patch."""
    starts = [number for number, line in enumerate(section) if line.startswith("@@ ")]
    for start, end in pairwise([*starts, len(section)]):
        ranges, _, heading = section[start].removeprefix("@@ ").partition(" @@")
        old, new = (int(part[1:].split(",")[0]) for part in ranges.split(" "))
        lines = tuple(_parse_lines(section[start + 1 : end], old, new))
        yield Hunk(old, new, heading.strip(), lines)


def _parse_lines(lines: Sequence[str], old: int, new: int) -> Iterator[Line]:
    for number, line in enumerate(lines):
        mark, text = line[:1], line[1:]
        ends_file = number + 1 < len(lines) and lines[number + 1].startswith("\\")
        if mark == "+":
            yield Line(LineKind.ADDED, text, None, new, ends_file)
            new += 1
        elif mark == "-":
            yield Line(LineKind.REMOVED, text, old, None, ends_file)
            old += 1
        elif mark == " ":
            yield Line(LineKind.CONTEXT, text, old, new, ends_file)
            old, new = old + 1, new + 1
