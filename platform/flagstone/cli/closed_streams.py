"""Standard streams that were closed before the command began (`>&-`), where Python has None."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path

from flagstone.core.errors import UserError


class _ClosedOutput(TextIOWrapper):
    """Says so when something has to be written, and not before: what writes to a file needs no output."""

    def write(self, text: str, /) -> int:
        if not text:
            return 0
        raise UserError(
            "nothing can be written, as the standard output is closed: leave it open, or send it "
            "to a file"
        )


def stand_in_for_closed_streams() -> None:
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
