"""The files that a registered location gives: a folder on disk, or a repository at one commit."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.conf import settings

from flagstone.catalog.engine.composing import Limits
from flagstone.catalog.engine.placeholders import Unresolved
from flagstone.catalog.engine.targets import fixed_folder, is_pattern
from flagstone.catalog.engine.walking import Source
from flagstone.catalog.errors import LocationUnreadable
from flagstone.catalog.models import Location, LocationType
from flagstone.forge import selectors as forge
from flagstone.forge.errors import TreeTooLarge
from flagstone.forge.models import Repository

# the name that catalogue files have everywhere; what a folder is searched for
FILE_NAME = "catalog-info.yaml"
MAX_FOLDER_FILES = 200_000
_NOT_SEARCHED = frozenset({".git", "node_modules"})


@dataclass(frozen=True, slots=True)
class OpenLocation:
    """A location ready to be walked: `entry` is the path or pattern to begin with."""

    source: Source
    entry: str
    commit: str = ""


def open_location(location: Location) -> OpenLocation:
    """Reach the files of a location.

    Raises:
        LocationUnreadable: if its folder is gone or not allowed any more.
        ForgeError: if its repository cannot be read.
    """
    if location.type == LocationType.GIT and location.repository is not None:
        source = RepositorySource(location.repository, location.path)
        return OpenLocation(source, location.path, source.commit)
    root, entry = place_on_disk(location.path)
    return OpenLocation(FolderSource(root), entry)


def place_on_disk(path: str) -> tuple[Path, str]:
    """Find the allowed folder that a path lies in, and the path or pattern to read below it.

    Raises:
        LocationUnreadable: if the path is not absolute, in no allowed folder, or gone.
    """
    fixed = fixed_folder(path) if is_pattern(path) else path
    if not path.isprintable() or not fixed.startswith("/") or ".." in PurePosixPath(path).parts:
        raise LocationUnreadable(f"{path} is not an absolute path; write one that begins with /.")
    real = Path(fixed).resolve()
    root = _allowed_root(real)
    if root is None:
        allowed = ", ".join(map(str, settings.FLAGSTONE_CATALOG_ROOTS)) or "none"
        raise LocationUnreadable(
            f"{path} lies in no folder that the catalogue may read (allowed: {allowed}). "
            "The platform team allows folders in FLAGSTONE_CATALOG_ROOTS."
        )
    if not real.exists():
        raise LocationUnreadable(f"{path} does not exist any more, or cannot be seen from here.")
    entry = real.relative_to(root).as_posix().removeprefix(".")
    if is_pattern(path):
        entry = f"{entry}/{path.removeprefix(fixed).lstrip('/')}"
    elif real.is_dir():
        entry = f"{entry}/**/{FILE_NAME}"
    return root, entry.lstrip("/")


def _allowed_root(real: Path) -> Path | None:
    roots = [Path(root).resolve() for root in settings.FLAGSTONE_CATALOG_ROOTS]
    inside = [root for root in roots if real.is_relative_to(root)]
    return max(inside, key=lambda root: len(root.parts), default=None)


class FolderSource:
    """A folder on disk; what a link leads out of it is not there."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def has(self, path: str) -> bool:
        return self._real(path) is not None

    def read(self, path: str) -> bytes:
        real = self._real(path)
        if real is None:
            raise Unresolved("it is gone.")
        try:
            with real.open("rb") as file:
                return file.read(Limits().max_bytes + 1)
        except OSError as error:
            raise Unresolved(f"{error.strerror or error}.") from error

    def paths(self, folder: str) -> Iterator[str]:
        for number, path in enumerate(self._walk(self._root / folder)):
            if number == MAX_FOLDER_FILES:
                raise LocationUnreadable(
                    f"{self._root / folder} holds more than {MAX_FOLDER_FILES:,} files; "
                    "register a smaller part of it."
                )
            yield path

    def _walk(self, top: Path) -> Iterator[str]:
        for folder, folders, files in os.walk(top):
            folders[:] = sorted(
                name for name in folders if name not in _NOT_SEARCHED and name.isprintable()
            )
            place = Path(folder).relative_to(self._root).as_posix()
            prefix = "" if place == "." else f"{place}/"
            # a name that is not readable text cannot be shown, stored or written as a target
            yield from (f"{prefix}{name}" for name in files if name.isprintable())

    def _real(self, path: str) -> Path | None:
        try:
            real = (self._root / path).resolve(strict=True)
        except OSError:
            return None
        return real if real.is_relative_to(self._root) and real.is_file() else None


class RepositorySource:
    """A repository of the forge at the commit that its default branch had when this was made.

    At first only the folder of the pattern, or the one file, is read; the rest when something leads there.
    """

    def __init__(self, repository: Repository, entry: str) -> None:
        self._repository = repository
        self._files: dict[str, bytes] = {}
        self._skipped: dict[str, str] = {}
        self._looked_up: set[str] = set()
        self._whole = False
        self._too_large = False
        self.commit = ""
        self._folder = fixed_folder(entry) if is_pattern(entry) else entry
        self._load(self._folder)

    def has(self, path: str) -> bool:
        if not self._knows(path):
            self._fetch(path)
        return path in self._files or path in self._skipped

    def read(self, path: str) -> bytes:
        if path in self._skipped:
            raise Unresolved(f"{self._skipped[path]}.")
        return self._files[path]

    def paths(self, folder: str) -> Iterable[str]:
        return [*self._files, *self._skipped]

    def _knows(self, path: str) -> bool:
        inside = not self._folder or path == self._folder or path.startswith(f"{self._folder}/")
        return self._whole or inside or path in self._looked_up

    def _fetch(self, path: str) -> None:
        if not self._too_large:
            try:
                self._load("")
            except TreeTooLarge:
                self._too_large = True
            else:
                self._whole = True
                return
        self._looked_up.add(path)
        self._load(path)

    def _load(self, prefix: str) -> None:
        tree = forge.read_tree(self._repository, ref=self.commit or None, prefix=prefix)
        self.commit = tree.commit
        self._files.update(tree.files)
        self._skipped.update({skipped.path: skipped.reason for skipped in tree.skipped})
