"""Which files a change writes or deletes, checked before git hears of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from flagstone.forge.errors import ChangeTooLarge, EmptyChange
from flagstone.forge.git.paths import check_paths

MOST_FILES = 5_000
LARGEST_FILE = 10 * 1024 * 1024
LARGEST_CHANGE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileContent:
    """One file as it shall be."""

    data: bytes
    executable: bool = False

    @property
    def mode(self) -> str:
        return "100755" if self.executable else "100644"

    @property
    def blob_id(self) -> str:
        """The id that git gives to this content."""
        head = b"blob %d\0" % len(self.data)
        return hashlib.sha1(head + self.data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Files to write and, where the content is None, to delete; checked when made.

    Raises:
        EmptyChange: There is no file at all.
        InvalidPath: A path is not allowed.
        ChangeTooLarge: It is more than one pull request should carry.
    """

    files: Mapping[str, FileContent | None]
    allow_workflows: bool = False

    def __post_init__(self) -> None:
        if not self.files:
            raise EmptyChange("The change names no file; give at least one.")
        check_paths(self.files, allow_workflows=self.allow_workflows)
        if len(self.files) > MOST_FILES:
            raise ChangeTooLarge(
                f"The change touches {len(self.files)} files; {MOST_FILES} are the most. "
                "Split it into several."
            )
        total = 0
        for path, content in self.files.items():
            size = len(content.data) if content else 0
            total += size
            if size > LARGEST_FILE:
                raise ChangeTooLarge(
                    f"{path} has {size} bytes; {LARGEST_FILE} are the most for one file.", path=path
                )
        if total > LARGEST_CHANGE:
            raise ChangeTooLarge(
                f"The change holds {total} bytes; {LARGEST_CHANGE} are the most. "
                "Split it into several."
            )
