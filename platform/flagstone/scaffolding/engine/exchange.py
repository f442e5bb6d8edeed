"""Handing a child its order and reading what it says: no more than was agreed, and no longer."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from typing import Any, Protocol

_SAID = 8 * 1024


class TookTooLong(Exception):
    """The child has not ended in its time."""


class AnsweredTooMuch(Exception):
    """The child's answer is larger than it may be."""


class Watch(Protocol):
    """Ends an exchange with an exception; `pause`: the seconds until it wants to look again."""

    @property
    def pause(self) -> float: ...

    def require_within_limits(self) -> None: ...


class Clock:
    """Watches nothing but the time."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def pause(self) -> float:
        return max(self._end - time.monotonic(), 0.0)

    def require_within_limits(self) -> None:
        """Raise TookTooLong at the end."""
        if time.monotonic() >= self._end:
            raise TookTooLong


def exchange(
    process: subprocess.Popen[bytes], order: bytes, *, watch: Watch, most: int
) -> tuple[bytes, str]:
    """Hand the order over and read both streams to their end: the answer whole, of the talk the last part only.

    Args:
        process: With pipes for all three streams; they are closed in the end, it is not waited for.
        order: What it reads.
        watch: Says when it has taken too much; its exception is passed on, and the child is still there.
        most: How many bytes it may answer.

    Raises:
        AnsweredTooMuch: The child is still there.
    """
    assert process.stdin  # noqa: S101 - all three are pipes
    assert process.stdout  # noqa: S101
    assert process.stderr  # noqa: S101
    output, said = bytearray(), bytearray()
    with process.stdout, process.stderr, selectors.DefaultSelector() as waiting:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(order)
            process.stdin.close()
        waiting.register(process.stdout, selectors.EVENT_READ, output)
        waiting.register(process.stderr, selectors.EVENT_READ, said)
        while waiting.get_map():
            ready = waiting.select(watch.pause)
            watch.require_within_limits()
            for key, _ in ready:
                _read_some(key.fileobj, key.data, waiting)
            del said[:-_SAID]
            if len(output) > most:
                raise AnsweredTooMuch
    return bytes(output), said.decode(errors="replace").strip()


def _read_some(stream: Any, into: bytearray, waiting: selectors.BaseSelector) -> None:
    piece = os.read(stream.fileno(), 256 * 1024)
    if piece:
        into += piece
    else:
        waiting.unregister(stream)
