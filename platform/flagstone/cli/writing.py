"""Writing a report: to the terminal, or to a file that is whole or not there."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from flagstone.core.errors import UserError


def write_text(text: str, path: Path) -> None:
    """Write a file in one step, as `write_pieces` does."""
    write_pieces((text,), path)


def write_pieces(pieces: Iterable[str], path: Path) -> None:
    """Write a file in one step: who reads it finds the old text or the new one, never half of it.

    Args:
        pieces: the text, each part of it made when it is written.
        path: the file.

    Raises:
        UserError: it cannot be written; what was there stays.
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():  # /dev/stdout, a pipe: nothing to replace
            with target.open("w", encoding="utf-8", errors="backslashreplace") as stream:
                stream.writelines(pieces)
        else:
            _replace(target, pieces)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "its links lead in a circle"
        raise UserError(f"{path} cannot be written: {reason}") from error


def _replace(target: Path, pieces: Iterable[str]) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:60]}.")
    new = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.writelines(pieces)
        new.chmod(_mode(target))
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _mode(target: Path) -> int:
    """That of the file which is replaced, else what the person's umask leaves of a new one."""
    with suppress(OSError):
        return stat.S_IMODE(target.stat().st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def print_pieces(pieces: Iterable[str]) -> None:
    """Write to the terminal, or to what reads from this command, each part when it is made.

    Raises:
        UserError: there is no room for it.
        BrokenPipeError: the reader has seen enough, as `head` has.
    """
    sys.stdout.writelines(pieces)
    sys.stdout.flush()
