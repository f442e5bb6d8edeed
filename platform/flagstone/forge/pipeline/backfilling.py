"""Reads the history of pull requests that was there before Flagstone; ended anywhere, it goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flagstone.forge.connections import connect
from flagstone.forge.models import Repository
from flagstone.forge.pipeline.reading import (
    MOST_IN_A_ROW,
    Unreadable,
    not_recorded,
    read_pull_request,
)


@dataclass(frozen=True, slots=True)
class Read:
    """One pull request that was come to; `problem` says why it could not be read."""

    number: int
    problem: str = ""


class Backfill:
    """The history of one repository, the oldest change first.

    What is recorded already as it is now is not asked for again, so that a backfill that was ended costs only the
    list when it is begun anew. One that could not be read is tried again then.

    Args:
        repository: Whose history.
        since: Changes before this moment are left out; None for all.
    """

    def __init__(self, repository: Repository, *, since: datetime | None = None) -> None:
        self._repository = repository
        # it can wait: a part of the requests that the code host allows is left to people
        self._forge = connect(repository.host, is_background=True)
        self._since = since
        self._missing: list[int] | None = None
        self._in_a_row = 0

    def missing(self) -> list[int]:
        """List the numbers of those that are not recorded as they are now.

        Raises:
            ForgeError: The list cannot be read now.
        """
        if self._missing is None:
            touches = self._forge.touched_pull_requests(
                self._repository.full_name, since=self._since
            )
            self._missing = [touch.number for touch in not_recorded(self._repository, touches)]
        return self._missing

    def read(self) -> Iterator[Read]:
        """Record one after the other; going on after an error goes on with the one that it came from.

        Raises:
            Retryable: Not now, such as when the code host's limit is reached.
            ForgeError: None can be read, or many in a row cannot.
        """
        missing = self.missing()
        while missing:
            number = missing[0]
            problem = self._read_one(number)
            missing.pop(0)
            yield Read(number, problem)

    def _read_one(self, number: int) -> str:
        try:
            read_pull_request(self._repository, self._forge, number)
        except Unreadable as error:
            self._in_a_row += 1
            if error.cause is not None and self._in_a_row > MOST_IN_A_ROW:
                # so many cannot all be wrong: it is the code host
                self._in_a_row = 0
                raise error.cause from error
            return error.reason
        self._in_a_row = 0
        return ""
