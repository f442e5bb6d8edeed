"""What a code host says in JSON, read leniently: what we use must be there in its type, all else may change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from flagstone.forge.errors import ForgeError, ServerError

_T = TypeVar("_T")
IMPOSSIBLE_MOMENT = "forge.impossible_moment"
# programs in Go write their empty moment like this
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
# what lies outside nobody meant, and databases, drivers and sums of times stumble over their last days
_EARLIEST, _TOO_LATE = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object of an answer.

    Args:
        host: What people call the code host.
        what: The object in words, such as `pull request`.
        values: The parsed JSON, whatever it is.
        error: Raised where something is missing: `OutcomeUnknown` for the answer to a write, whose effect an
            unreadable answer does not tell.
    """

    host: str
    what: str
    values: Any
    error: type[ForgeError] = ServerError

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; with a default also where it is missing or null."""
        return self._typed(key, str, default)

    def optional_text(self, key: str) -> str | None:
        """Return a text; None where it is missing or null."""
        return None if self._get(key) is None else self.text(key)

    def number(self, key: str, default: int | None = None) -> int:
        return self._typed(key, int, default)

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        return self._typed(key, bool, default)

    def moment(self, key: str) -> datetime:
        """Return a moment written as ISO 8601 (without a zone it is UTC), or in seconds since 1970."""
        found = self.optional_moment(key)
        if found is None:
            raise self._faulty(key)
        return found

    def optional_moment(self, key: str) -> datetime | None:
        """Return a moment; None where it is missing, null, or the first of all moments."""
        value = self._get(key)
        if value is None or value == "":
            return None
        try:
            found = _moment(value)
        except TypeError:
            raise self._faulty(key) from None
        except (ValueError, OverflowError, OSError):
            raise self._faulty(key, code=IMPOSSIBLE_MOMENT) from None
        if found == _NEVER:
            return None
        if not _EARLIEST <= found < _TOO_LATE:
            raise self._faulty(key, code=IMPOSSIBLE_MOMENT)
        return found

    def inner(self, key: str) -> Fields:
        """Return an object in this one."""
        found = self.optional(key)
        if found is None:
            raise self._faulty(key)
        return found

    def optional(self, key: str) -> Fields | None:
        """Return an object in this one; None where it is missing or null."""
        value = self._get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._faulty(key)
        return self._like(f"{key} of a {self.what}", value)

    def each(self, key: str) -> Iterator[Fields]:
        """Yield the objects of a list; a missing list is empty."""
        for value in self._list(key):
            yield self._like(f"{key} of a {self.what}", value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list; a missing list is empty."""
        values = self._list(key)
        if not all(isinstance(value, str) for value in values):
            raise self._faulty(key)
        return tuple(values)

    def names(self) -> tuple[str, ...]:
        """Return the names in an object where they are data themselves, such as the paths of files."""
        if not isinstance(self.values, dict):
            raise self._stranger()
        return tuple(self.values)

    def _list(self, key: str) -> list[Any]:
        values = self._get(key) or []
        if not isinstance(values, list):
            raise self._faulty(key)
        return values

    def _typed(self, key: str, kind: type[_T], default: _T | None) -> _T:
        value = self._get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self._faulty(key)
        return value

    def _get(self, key: str) -> Any:
        if not isinstance(self.values, dict):
            raise self._stranger()
        return self.values.get(key)

    def _stranger(self) -> ForgeError:
        return self.error(f"{self.host} gave something else where a {self.what} belongs.")

    def _like(self, what: str, values: Any) -> Fields:
        return Fields(self.host, what, values, self.error)

    def _faulty(self, key: str, *, code: str | None = None) -> ForgeError:
        return self.error(
            f"{self.host} described a {self.what} without a usable “{key}”.", code=code
        )


def _moment(value: Any) -> datetime:
    if isinstance(value, str) and not _SECONDS.fullmatch(value):
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(value), UTC)
