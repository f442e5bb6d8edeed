"""Work on many things on all cores: forked children that inherit everything and send back their part.

For commands only. A server process forks no more once it has threads or is itself a child of a pool.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def cores() -> int:
    """The cores that this process may use, 1 where forking is not to be had."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def in_shares(
    work: Callable[[list[T]], list[R]], items: Sequence[T], *, processes: int, least: int
) -> list[R]:
    """Return what `work` makes of the items, in their order, done in several processes at once.

    Args:
        work: makes one result of each item, in order; the results must be picklable.
        items: what to work on; each process takes every n-th.
        processes: how many at once, this one among them.
        least: fewer items than that for each process are not worth a process.

    A child that is killed, or whose results cannot be sent, costs time and nothing else: its share is done here.
    """
    count = max(1, min(processes, len(items) // max(least, 1)))
    if count == 1:
        return work(list(items))
    shares = [list(items[start::count]) for start in range(count)]
    context = get_context("fork")
    waiting = []
    for share in shares[1:]:
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=_answer, args=(work, share, sender), daemon=True)
        child.start()
        sender.close()
        waiting.append((child, receiver))
    answers: list[list[R] | None] = [work(shares[0])]
    for child, receiver in waiting:
        answers.append(_received(receiver))
        child.join()
    made = [
        work(share) if answer is None else answer
        for share, answer in zip(shares, answers, strict=True)
    ]
    return [made[place % count][place // count] for place in range(len(items))]


def _answer(work: Callable[[list[T]], list[R]], share: list[T], sender: Connection) -> None:
    # whoever waits does a share without an answer himself, and meets its error where it can be told
    with sender, suppress(Exception):
        sender.send(work(share))


def _received(receiver: Connection) -> list[R] | None:
    try:
        found: list[R] = receiver.recv()
    except (EOFError, OSError):  # it ended before, or while, it answered
        return None
    finally:
        receiver.close()
    return found
