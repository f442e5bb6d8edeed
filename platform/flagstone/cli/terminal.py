"""What a stream can show: its width and whether colours are wanted."""

from __future__ import annotations

import os
import shutil
from typing import TextIO

_NARROWEST, _WIDEST, _USUAL = 60, 120, 100


def width_of(stream: TextIO) -> int:
    """The columns to write in: those that COLUMNS says, else those of the terminal, within reason."""
    told = os.environ.get("COLUMNS", "")
    columns = int(told) if told.isascii() and told.isdecimal() and len(told) < 7 else 0
    if not columns:
        columns = shutil.get_terminal_size((_USUAL, 24)).columns if stream.isatty() else _USUAL
    return min(max(columns, _NARROWEST), _WIDEST)


def wants_colour(stream: TextIO) -> bool:
    """NO_COLOR forbids it, FORCE_COLOR asks for it, else a terminal that is not dumb has it."""
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    if forced is not None and forced != "":
        return forced not in {"0", "false"}
    return stream.isatty() and os.environ.get("TERM") != "dumb"
