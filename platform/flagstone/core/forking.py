"""Work on many things on all cores: forked children that inherit everything and send back their part.

For commands only. A server process forks no more once it has threads or is itself a child of a pool.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

from flagstone.core.parent_death import end_with_parent

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
    children: list[_Child[T, R]] = []
    try:
        children.extend(_Child(work, share) for share in shares[1:])
        answers = [work(shares[0]), *(child.answer() for child in children)]
    except BaseException:
        for child in children:
            child.end()
        raise
    made = [
        work(share) if answer is None else answer
        for share, answer in zip(shares, answers, strict=True)
    ]
    return [made[place % count][place // count] for place in range(len(items))]


class _Child(Generic[T, R]):
    """A process that works on one share. Ctrl-C is its parent's to answer, with whom it ends."""

    def __init__(self, work: Callable[[list[T]], list[R]], share: list[T]) -> None:
        context = get_context("fork")
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(
            target=self._work, args=(work, share, sender, os.getpid()), daemon=True
        )
        # held back before the fork: a child that gets it while it starts would print where it stood
        with sender, _without_interrupts():
            self._process.start()

    def answer(self) -> list[R] | None:
        """Return what it made of its share; None if it ended before, or while, it answered."""
        found: list[R] | None
        try:
            found = self._receiver.recv()
        except (EOFError, OSError):
            found = None
        self._receiver.close()
        self._process.join()
        return found

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.join()
        self._receiver.close()

    def _work(
        self, work: Callable[[list[T]], list[R]], share: list[T], sender: Connection, parent: int
    ) -> None:
        end_with_parent(parent, signal.SIGKILL)
        # a handler, not SIG_IGN: what is started from here answers Ctrl-C as ever
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        # with an end to read from of its own, it would wait for ever to write to a parent that is gone
        self._receiver.close()
        # whoever waits does a share without an answer himself, and meets its error where it can be told
        with sender, suppress(Exception):
            sender.send(work(share))


@contextmanager
def _without_interrupts() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
