"""What a try showed, in words for the operator."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from flagstone.forge.errors import ForgeError, RateLimited

_MOST_TURNS, _LONGEST_TURN = 5, 10.0
_T = TypeVar("_T")


class Outcome(StrEnum):
    OK = "ok"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one try showed; of a problem `said` tells what to do as well."""

    step: str
    outcome: Outcome
    said: str = ""


def tried(step: str, attempt: Callable[[], object]) -> Finding:
    """Do it, and tell how it went."""
    try:
        in_turn(attempt)
    except ForgeError as error:
        return Finding(step, Outcome.PROBLEM, error.message)
    return Finding(step, Outcome.OK)


def in_turn(attempt: Callable[[], _T]) -> _T:
    """Do it, after the few seconds that the code host's pace asks for: somebody watches, and no worker waits."""
    for _ in range(_MOST_TURNS):
        try:
            return attempt()
        except RateLimited as error:
            if error.retry_after is None or error.retry_after > _LONGEST_TURN:
                raise
            time.sleep(error.retry_after)
    return attempt()
