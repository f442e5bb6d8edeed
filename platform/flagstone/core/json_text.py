"""JSON that others wrote, read without the depth of Python's own stack at stake.

Python's reader goes one call deeper for each level and gives up at the bottom of its stack, where whatever else must
run just then (the end of an open connection, say) fails as well. So the levels are counted before it starts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

LEVELS = 200
"""More than any document that people or code hosts write, and a fraction of Python's stack."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKETS = b"[]{}"
_ALL_ELSE = bytes(set(range(256)) - set(_BRACKETS))
_STEPS = [1 if chr(byte) in "[{" else -1 for byte in range(256)]


class NestedTooDeeply(ValueError):
    """The JSON may be right, and goes deeper than anything that people mean."""

    def __init__(self) -> None:
        super().__init__(f"nested more than {LEVELS} levels deep")


def loads(
    text: str | bytes,
    *,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
) -> Any:
    """Return what the JSON says.

    Raises:
        ValueError: It is no JSON (`json.JSONDecodeError`, with the line), it is nested more than `LEVELS` deep
            (`NestedTooDeeply`), it is not in the encoding that it seems to be in, or a number has more digits than
            Python reads.
    """
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    if nested_too_deeply(text):
        raise NestedTooDeeply
    return json.loads(text, object_pairs_hook=object_pairs_hook, parse_constant=parse_constant)


def nested_too_deeply(text: str | bytes) -> bool:
    """Tell whether the brackets of a text, in UTF-8 if it is bytes, are nested more than `LEVELS` deep."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if raw.count(b"[") + raw.count(b"{") <= LEVELS:
        return False
    brackets = _STRING.sub(b"", raw).translate(None, _ALL_ELSE)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > LEVELS
