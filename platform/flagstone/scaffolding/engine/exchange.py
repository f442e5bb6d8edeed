"""Handing a child its order and reading what it says: no more than was agreed, and no longer."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from typing import Any

_SAID = 8 * 1024


class TookTooLong(Exception):
    """The child has not ended in its time."""


class AnsweredTooMuch(Exception):
    """The child's answer is larger than it may be."""


def exchange(
    process: subprocess.Popen[bytes], order: bytes, *, seconds: float, most: int
) -> tuple[bytes, str]:
    """Hand the order over and read both streams to their end: the answer whole, of the talk the last part only.

    Args:
        process: With pipes for all three streams; they are closed in the end, it is not waited for.
        order: What it reads.
        seconds: How long it may take.
        most: How many bytes it may answer.

    Raises:
        TookTooLong, AnsweredTooMuch: The child is still there.
    """
    end = time.monotonic() + seconds
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
            ready = waiting.select(end - time.monotonic())
            if time.monotonic() >= end:
                raise TookTooLong
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
