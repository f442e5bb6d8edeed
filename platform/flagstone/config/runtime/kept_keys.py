"""The keys that an embedded Flagstone makes for itself once and keeps in its home."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from flagstone.config.runtime.children import StartError


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key in a file of the home.

    Args:
        name: Of the file.
        what: It is, in words.
        loss: What happens when another one is made in its place.
        make: Makes a new one.
    """

    name: str
    what: str
    loss: str
    make: Callable[[], str]

    def read(self, home: Path) -> str | None:
        """Return the key that is kept in the home; None if none was made yet.

        Raises:
            StartError: Something else lies in its place, or it cannot be read, or it is empty.
        """
        place = home / self.name
        if not os.path.lexists(place):
            return None
        try:
            if place.exists() and not place.is_file():
                raise self._useless(place, "is not a file")
            key = place.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise self._useless(place, f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise self._useless(place, "is not text") from error
        if not key:
            raise self._useless(place, "is empty")
        return key

    def read_or_make(self, home: Path) -> str:
        """Return the key of the home, and make it on the first start.

        Raises:
            StartError: As `read` does; or a new one cannot be written.
        """
        kept = self.read(home)
        if kept is not None:
            return kept
        made = self.make()
        try:
            self._write(home, made)
        except OSError as error:
            raise StartError(
                f"The {self.what} cannot be written to {home / self.name}: {error.strerror}."
            ) from error
        return made

    def _write(self, home: Path, key: str) -> None:
        """Write it whole or not at all: a start that is cut off must not leave half a key behind."""
        with tempfile.NamedTemporaryFile(
            "w", dir=home, prefix=f".{self.name}-", delete=False
        ) as file:
            try:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).rename(home / self.name)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    def _useless(self, place: Path, how: str) -> StartError:
        return StartError(
            f"The {self.what} {place} {how}. Put the key back from a backup, or delete {place}: "
            f"`make up` then makes a new one, and {self.loss}."
        )


SECRET_KEY = KeptKey(
    "secret-key",
    "secret key",
    "everybody has to sign in again",
    lambda: secrets.token_urlsafe(48),
)
SEALING_KEY = KeptKey(
    "sealing-key",
    "sealing key",
    "the credentials of code hosts have to be entered again",
    lambda: Fernet.generate_key().decode(),
)
