"""How large a change is for the person who has to read it: what no person writes is not counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

_LOCK_FILES = frozenset(
    {
        "bun.lock", "bun.lockb", "cargo.lock", "chart.lock", "composer.lock", "flake.lock",
        "gemfile.lock", "go.sum", "go.work.sum", "gradle.lockfile", "mix.lock",
        "npm-shrinkwrap.json", "package-lock.json", "package.resolved", "pdm.lock", "pipfile.lock",
        "pnpm-lock.yaml", "podfile.lock", "poetry.lock", "pubspec.lock", "requirements.lock",
        "uv.lock", "yarn.lock", ".terraform.lock.hcl",
    }
)  # fmt: skip
_VENDORED_FOLDERS = frozenset(
    {"vendor", "vendored", "third_party", "third-party", "node_modules", "bower_components"}
)
_TEST_DATA_FOLDERS = frozenset({"testdata", "__snapshots__", "snapshots", "__fixtures__"})
_GENERATED_FOLDERS = frozenset({"generated", "__generated__"})
_GENERATED_NAME = re.compile(
    r"""\.(?:min\.(?:js|css)|map|snap|g\.dart|freezed\.dart|designer\.cs|g\.cs)$
      | (?:_pb2(?:_grpc)?\.pyi?|\.pb(?:\.gw)?\.go|_generated\.\w+|\.generated\.\w+|\.gen\.\w+)$
      | ^zz_generated""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class FileSize:
    """The changed lines of one file; a binary one has none."""

    path: str
    additions: int
    deletions: int


@dataclass(frozen=True, slots=True)
class ChangeSize:
    """The whole change, and the part of it that somebody wrote and somebody has to read."""

    additions: int
    deletions: int
    files: int
    written_additions: int
    written_deletions: int
    written_files: int

    @property
    def written_lines(self) -> int:
        return self.written_additions + self.written_deletions


def is_written_by_people(path: str) -> bool:
    """Tell whether a file counts: not a lock file, vendored, generated, snapshot or test data."""
    folded = PurePosixPath(path.casefold())
    folders = set(folded.parts[:-1])
    left_out = _VENDORED_FOLDERS | _TEST_DATA_FOLDERS | _GENERATED_FOLDERS
    return not (
        folded.name in _LOCK_FILES or folders & left_out or _GENERATED_NAME.search(folded.name)
    )


@dataclass(frozen=True, slots=True)
class Marks:
    """What a repository says itself of its files; it goes before the rules that hold everywhere.

    Attributes:
        left_out: Paths that it calls generated or vendored.
        counted: Paths of which it says that they are not.
    """

    left_out: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()

    def is_written_by_people(self, path: str) -> bool:
        """Tell whether a file counts, by the repository's word or else by its name."""
        if path in self.left_out:
            return False
        return path in self.counted or is_written_by_people(path)


NO_MARKS = Marks()


def measure(files: Iterable[FileSize], marks: Marks = NO_MARKS) -> ChangeSize:
    """Add up the files of a change; a binary file counts as a file without lines."""
    every = list(files)
    written = [file for file in every if marks.is_written_by_people(file.path)]
    return ChangeSize(
        additions=sum(file.additions for file in every),
        deletions=sum(file.deletions for file in every),
        files=len(every),
        written_additions=sum(file.additions for file in written),
        written_deletions=sum(file.deletions for file in written),
        written_files=len(written),
    )
