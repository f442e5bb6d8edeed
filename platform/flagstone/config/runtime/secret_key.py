"""The key that signs sessions: an embedded Flagstone makes its own once and keeps it in its home."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from flagstone.config.runtime.children import StartError

NAME = "secret-key"
_REMEDY = (
    "Put the key back from a backup, or delete {place}: `make up` then makes a new one, "
    "and everybody has to sign in again."
)


def read(home: Path) -> str | None:
    """Return the key that is kept in the home; None if none was made yet.

    Raises:
        StartError: Something else lies in its place, or it cannot be read, or it is empty.
    """
    place = home / NAME
    if not os.path.lexists(place):
        return None
    try:
        if place.exists() and not place.is_file():
            raise _useless(place, "is not a file")
        key = place.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise _useless(place, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _useless(place, "is not text") from error
    if not key:
        raise _useless(place, "is empty")
    return key


def read_or_make(home: Path) -> str:
    """Return the key of the home, and make it on the first start.

    Raises:
        StartError: As `read` does; or a new one cannot be written.
    """
    kept = read(home)
    if kept is not None:
        return kept
    made = secrets.token_urlsafe(48)
    try:
        _write(home, made)
    except OSError as error:
        raise StartError(
            f"The secret key cannot be written to {home / NAME}: {error.strerror}."
        ) from error
    return made


def _write(home: Path, key: str) -> None:
    """Write it whole or not at all: a start that is cut off must not leave half a key behind."""
    with tempfile.NamedTemporaryFile("w", dir=home, prefix=f".{NAME}-", delete=False) as file:
        try:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).rename(home / NAME)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _useless(place: Path, how: str) -> StartError:
    return StartError(f"The secret key {place} {how}. {_REMEDY.format(place=place)}")
