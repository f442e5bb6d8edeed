"""Reads the history of pull requests that was there before Flagstone; ended anywhere, it goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flagstone.forge.connections import connect
from flagstone.forge.errors import Permanent
from flagstone.forge.models import PullRequest, Repository
from flagstone.forge.pipeline.pull_requests import record_pull_request

MOST_IN_A_ROW = 5


@dataclass(frozen=True, slots=True)
class Read:
    """One pull request that was come to; `problem` says why it could not be read."""

    number: int
    problem: str = ""


class Backfill:
    """The history of one repository, the oldest change first.

    What is recorded already as it is now is not asked for again, so that a backfill that was ended costs only the
    list when it is begun anew.

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

    def missing(self) -> list[int]:
        """List the numbers of those that are not recorded as they are now.

        Raises:
            ForgeError: The list cannot be read now.
        """
        if self._missing is None:
            known = dict(
                PullRequest.objects.filter(repository=self._repository).values_list(
                    "number", "updated_at"
                )
            )
            touches = self._forge.touched_pull_requests(
                self._repository.full_name, since=self._since
            )
            self._missing = [
                touch.number
                for touch in touches
                if touch.number not in known or known[touch.number] < touch.updated_at
            ]
        return self._missing

    def read(self) -> Iterator[Read]:
        """Record one after the other; going on after an error goes on with the one that it came from.

        Raises:
            Retryable: Not now, such as when the code host's limit is reached.
            Permanent: Many in a row cannot be read.
        """
        missing, in_a_row = self.missing(), 0
        while missing:
            number = missing[0]
            problem = ""
            try:
                found = self._forge.get_pull_request(self._repository.full_name, number)
                record_pull_request(self._repository, found)
                in_a_row = 0
            except Permanent as error:
                in_a_row += 1
                if in_a_row > MOST_IN_A_ROW:  # it is not the pull request that is wrong
                    raise
                problem = error.message
            missing.pop(0)
            yield Read(number, problem)
