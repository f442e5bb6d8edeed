"""The standard streams: closed ones (`>&-`), where Python has None, and an output that takes no more."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import TypeVar

from flagstone.core.errors import UserError

_Done = TypeVar("_Done")


class _ClosedOutput(TextIOWrapper):
    """Says so when something has to be written, and not before: what writes to a file needs no output."""

    def write(self, text: str, /) -> int:
        if not text:
            return 0
        raise UserError(
            "nothing can be written, as the standard output is closed: leave it open, or send it "
            "to a file"
        )


class _Output(TextIOWrapper):
    """Says in a sentence that there is no room, where Python would end with words of its own."""

    def write(self, text: str, /) -> int:
        return self._told(lambda: super(_Output, self).write(text))

    def flush(self) -> None:
        self._told(super().flush)

    def _told(self, action: Callable[[], _Done]) -> _Done:
        """Do something with the output.

        Raises:
            UserError: it takes nothing more.
            BrokenPipeError: who reads it has seen enough, as `head` has.
        """
        try:
            return action()
        except OSError as error:
            self._lose_the_rest()
            if isinstance(error, BrokenPipeError):
                raise
            raise UserError(
                f"not all could be written to the standard output: {error.strerror}; make room there, "
                "or send it elsewhere"
            ) from error

    def _lose_the_rest(self) -> None:
        """What is left in the buffer would fail again when Python ends."""
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.fileno())
        os.close(null)


def make_streams_speak() -> None:
    """Give the process its three streams; what it would say on a closed error output is lost.

    In this order each takes its own number, which no file that is opened later, or child, then has by mistake.
    """
    null = Path(os.devnull)
    if sys.stdin is None:
        sys.stdin = null.open(encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = _ClosedOutput(null.open("wb"), encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = null.open("w", encoding="utf-8")
    given = sys.stdout
    if given is sys.__stdout__ and isinstance(given, TextIOWrapper):
        encoding, line_buffering = given.encoding, given.line_buffering
        sys.stdout = _Output(given.detach(), encoding, line_buffering=line_buffering)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal without Unicode still gets the report
            stream.reconfigure(errors="backslashreplace")
