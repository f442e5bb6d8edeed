"""The files beside a bare repository: pull requests and commit statuses, written whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from flagstone.forge.errors import GitFailed, InvalidName, NoRoom, PullRequestNotFound
from flagstone.forge.hosts.base import CommitStatus
from flagstone.forge.hosts.local.codec import (
    Record,
    decode_record,
    decode_statuses,
    encode_record,
    encode_statuses,
)

_COMMIT = re.compile(r"[0-9a-f]{40}")


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold a folder for oneself among all processes of this machine; freed when the process dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class PullRequestStore:
    """The pull requests of one repository, a file each: `<number>.<digest of its source branch>.json`.

    The digest finds the pull requests of a branch by a look at the folder; no index can go stale.
    """

    def __init__(self, folder: Path, *, name: str) -> None:
        self._folder = folder
        self._name = name

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Serialise whatever reads and then writes."""
        return exclusive(self._folder)

    def numbers(self, *, source: str = "") -> list[int]:
        """List the numbers, newest first, of all or of those from one branch."""
        pattern = f"*.{_digest(source)}.json" if source else "*.json"
        return sorted((int(p.name.split(".")[0]) for p in self._folder.glob(pattern)), reverse=True)

    def read(self, number: int) -> Record:
        """Read one.

        Raises:
            PullRequestNotFound: There is none of that number.
        """
        path = next(self._folder.glob(f"{number:06d}.*.json"), None)
        if path is None:
            raise PullRequestNotFound(
                f"There is no pull request #{number} in {self._name}.", number=number
            )
        try:
            return decode_record(path.read_bytes())
        except (ValueError, KeyError, TypeError) as error:
            raise GitFailed(
                f"The record of pull request #{number} in {self._name} is damaged: {path.name} "
                "cannot be read. Restore it from a backup.",
                number=number,
            ) from error

    def write(self, record: Record) -> None:
        """Store a record in the place of its former state."""
        pull_request = record.pull_request
        name = f"{pull_request.number:06d}.{_digest(pull_request.source)}.json"
        _write_atomically(self._folder / name, encode_record(record))

    def statuses(self, commit: str) -> dict[str, CommitStatus]:
        """Read what was said of a commit, by context."""
        try:
            return decode_statuses(self._status_file(commit).read_bytes())
        except FileNotFoundError:
            return {}

    def set_status(self, commit: str, status: CommitStatus) -> None:
        """Store one check's word; call it locked, because it is read and written."""
        statuses = {**self.statuses(commit), status.context: status}
        _write_atomically(self._status_file(commit), encode_statuses(statuses))

    def _status_file(self, commit: str) -> Path:
        if not _COMMIT.fullmatch(commit):
            raise InvalidName(f"{commit!r} is not the id of a commit.", name=commit)
        return self._folder / "statuses" / commit


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def _write_atomically(path: Path, content: bytes) -> None:
    # its ending keeps it out of every list, also when the process dies before it has its name
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise NoRoom(
            f"{path.name} cannot be written beside its repository: {error.strerror}."
        ) from error
