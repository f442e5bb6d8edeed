"""The JSON of an answer, its texts as databases, terminals and addresses take them."""

from __future__ import annotations

import re
from typing import Any

from flagstone.core import json_text

# written out, or as bytes, which Python's reader takes for text as well
_MAY_HOLD_ANY = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)|\xed[\xa0-\xbf]")
_UNUSABLE = re.compile("[\0\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def parsed(raw: bytes) -> Any:
    """Return what JSON says, with a replacement character for each zero character and half a surrogate pair.

    Anybody can write those into a title, and nobody can store them or send them on. None where it is no JSON.
    """
    try:
        values = json_text.loads(raw)
        return _usable(values) if _MAY_HOLD_ANY.search(raw) else values
    except ValueError:
        return None


def _usable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNUSABLE.sub(_REPLACEMENT, value)
    if isinstance(value, list):
        return [_usable(each) for each in value]
    if isinstance(value, dict):
        return {_usable(key): _usable(each) for key, each in value.items()}
    return value
