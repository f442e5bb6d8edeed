"""The files of a folder, listed once and read on demand, never beyond the folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from flagstone.core.errors import NotFound
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.snapshot import Skipped

# Version control and installed packages: not what the repository says about its services.
_UNREAD_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".terraform", ".venv", "node_modules", "__pycache__"}
)


class TooLargeError(OSError):
    """The file is over the limit of one reading."""


class FolderFiles(Mapping[str, bytes]):
    """Content by path relative to the folder; each access reads the disk again.

    Attributes:
        links: paths that are links to a file elsewhere in the folder, read at its own place.
        skipped: what the listing left out, and why.
    """

    def __init__(
        self, root: Path, limits: Limits, instead: Mapping[str, bytes | None] | None = None
    ) -> None:
        """List a folder, or take the one file that `root` is.

        Args:
            root: the folder or file.
            limits: how much to accept.
            instead: what some files hold, whatever the disk says; None where there is no file.

        Raises:
            NotFound: there is no such folder or file.
        """
        self._root = root.resolve()
        self._instead = dict(instead or {})
        self._limit = limits.file_bytes
        self._paths: dict[str, None] = {}
        self.links: set[str] = set()
        self.skipped: list[Skipped] = []
        if self._root.is_file():
            self._paths[self._root.name] = None
            self._root = self._root.parent
        elif self._root.is_dir():
            self._list(limits.files)
        else:
            raise NotFound(
                f"There is no folder {root}. Name a folder or file that exists.", path=str(root)
            )
        for path, content in self._instead.items():
            if content is None:
                self._paths.pop(path, None)
            elif _UNREAD_FOLDERS.isdisjoint(path.split("/")):
                self._paths[path] = None

    def __getitem__(self, path: str) -> bytes:
        if path not in self._paths:
            raise KeyError(path)
        known = self._instead.get(path)
        if known is not None:
            return known
        with (self._root / path).open("rb") as stream:
            content = stream.read(self._limit + 1)
        if len(content) > self._limit:
            raise TooLargeError(path)
        return content

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def _list(self, most: int) -> None:
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            inner: list[str] = []
            for entry in self._entries(folder):
                path = f"{folder}{entry.name}"
                if not _is_text(path):
                    name = path.encode("utf-8", "replace").decode()
                    self.skipped.append(Skipped(name, "its name is not UTF-8"))
                elif entry.is_dir(follow_symlinks=False):
                    if entry.name not in _UNREAD_FOLDERS:
                        inner.append(f"{path}/")
                elif len(self._paths) >= most:
                    reason = f"more than {most:,} files; from here on nothing was read"
                    self.skipped.append(Skipped(path, reason))
                    return
                else:
                    self._take(path, entry)
            waiting.extend(reversed(inner))

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._root / folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.skipped.append(Skipped(folder.rstrip("/"), f"cannot be opened: {error.strerror}"))
            return []

    def _take(self, path: str, entry: os.DirEntry[str]) -> None:
        if entry.is_symlink():
            self._take_link(path)
        elif entry.is_file(follow_symlinks=False):
            self._paths[path] = None
        else:
            self.skipped.append(Skipped(path, "neither a file nor a folder"))

    def _take_link(self, path: str) -> None:
        try:
            target = (self._root / path).resolve(strict=True)
        except (OSError, RuntimeError):
            self.skipped.append(Skipped(path, "a link that leads nowhere or in a circle"))
            return
        if not target.is_relative_to(self._root):
            self.skipped.append(Skipped(path, "a link that leads out of the folder"))
        elif target.is_file():
            self._paths[path] = None
            self.links.add(path)
        else:
            self.skipped.append(Skipped(path, "a link to a folder, which is read at its own place"))


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
