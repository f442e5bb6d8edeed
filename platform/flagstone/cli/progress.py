"""How far long work is: a bar on a terminal, a plain line now and then in the log of a CI job."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from flagstone.core.hidden_characters import on_one_line

_BAR = 24
_LINE_EVERY, _BAR_EVERY = 30.0, 0.2
# before so many a rate is a guess
_ENOUGH_FOR_A_RATE = 3


@contextmanager
def telling(what: str, stream: TextIO | None = None) -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is being done, and leave nothing of it behind.

    What cannot be counted has no bar; who reads the error output later is told nothing.

    Args:
        what: the first thing that is done; call what is yielded with the next.
        stream: where it is shown; the error output when left out.
    """
    shown = stream or sys.stderr
    if not shown.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return

    def tell(what: str) -> None:
        columns = shutil.get_terminal_size().columns
        line = on_one_line(f"flagstone: {what} ...")
        shown.write(f"\r\x1b[K{line[: max(columns - 1, 20)]}")
        shown.flush()

    tell(what)
    try:
        yield tell
    finally:
        shown.write("\r\x1b[K")
        shown.flush()


class Progress:
    """The progress of one piece of work, on the error output: the other one is for data.

    Args:
        title: What is worked at.
        total: How many there are to do.
        clock: Seconds that only ever grow.
        stream: Where it is shown; the error output when left out.
    """

    def __init__(
        self,
        title: str,
        total: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        stream: TextIO | None = None,
    ) -> None:
        self._title, self._total = title, total
        self._clock = clock
        self._stream = stream or sys.stderr
        self._began = self._shown = clock()
        self._width = 0

    def show(self, done: int) -> None:
        """Show that so many are done, if it is time to; the last one always is."""
        now = self._clock()
        on_terminal = self._stream.isatty()
        patience = _BAR_EVERY if on_terminal else _LINE_EVERY
        if done < self._total and now - self._shown < patience:
            return
        self._shown = now
        words = f"{done:,} of {self._total:,}{self._pace(done, now - self._began)}"
        if on_terminal:
            filled = _BAR * done // self._total if self._total else _BAR
            line = f"{self._title} [{'#' * filled}{'.' * (_BAR - filled)}] {words}"
            self._stream.write(f"\r{line:<{self._width}}")
            self._width = len(line)
        else:
            self._stream.write(f"{self._title}: {words}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the line that a bar stands in."""
        if self._width:
            self._stream.write("\n")
            self._stream.flush()
            self._width = 0

    def _pace(self, done: int, seconds: float) -> str:
        if done < _ENOUGH_FOR_A_RATE or seconds <= 0 or done >= self._total:
            return ""
        rate = done / seconds
        return f", {rate:.1f} a second, {duration((self._total - done) / rate)} to go"


def duration(seconds: float) -> str:
    """Return a time in words, as exact as a guess can be."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return f"about {minutes} min"
    return f"about {minutes // 60} h {minutes % 60} min"
