"""Which values can be kept: PostgreSQL's JSON has no NUL and no half of a character, JSON no infinity."""

from __future__ import annotations

import math
import re
from typing import Any

MAX_DEPTH = 20
_HALF = re.compile("[\ud800-\udfff]")


def keeping_fault(value: Any, *, most_depth: int = MAX_DEPTH) -> str:
    """Say why a value cannot be kept as JSON, '' when it can; whatever its depth, this does not call itself."""
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > most_depth:
            return f"is nested deeper than {most_depth}"
        if isinstance(item, str):
            if "\0" in item:
                return "holds the character NUL, which no text may have"
            if _HALF.search(item):
                return "holds half of a character (a lone surrogate)"
        elif isinstance(item, float) and not math.isfinite(item):
            return "holds a number that JSON does not have (NaN or infinity)"
        elif isinstance(item, dict):
            waiting += [(below, depth + 1) for pair in item.items() for below in pair]
        elif isinstance(item, list | tuple):
            waiting += [(below, depth + 1) for below in item]
    return ""
