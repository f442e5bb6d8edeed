"""The body of a webhook, read leniently: whatever is missing, null or of another type is simply not there.

The texts go into the database and to the code host's API, so what no name can hold (control characters, half a
surrogate pair) is not taken either.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flagstone.core import json_text
from flagstone.forge.git.remotes import HEADS
from flagstone.forge.hosts.events import UnreadableEvent

_FORM = "application/x-www-form-urlencoded"
_FORM_FIELDS = 20
_LONGEST_TEXT = 255
_LARGEST_NUMBER = 2**31 - 1
_MOST_OF_A_LIST = 100
_COMMIT = re.compile(r"(?!0+$)(?:[0-9a-f]{40}|[0-9a-f]{64})", re.ASCII)


def is_form(headers: Mapping[str, str]) -> bool:
    """Tell whether the body is a form; header names are in lower case."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def form_payload(raw: bytes) -> bytes | None:
    """Return the JSON that a form carries in its field `payload`; None if it carries none.

    What is signed is in there, so anybody at all has it decoded: it must be cheap however it is written.
    """
    fields = raw.split(b"&", _FORM_FIELDS)[:_FORM_FIELDS]
    found = (each.partition(b"=") for each in fields)
    return _decoded(next((value for name, _, value in found if name == b"payload"), b"")) or None


def _decoded(value: bytes) -> bytes:
    """Take percent signs for the equals signs of quoted-printable, which is decoded in one go.

    urllib makes an object for each percent sign: of 25 MB that is 2 GB, and 20 seconds.
    """
    printable = value.replace(b"=", b"=3D").replace(b"%", b"=").replace(b"+", b" ")
    return binascii.a2b_qp(printable)


def json_object(headers: Mapping[str, str], raw: bytes) -> Mapping[str, Any]:
    """Return the object that a body holds, as JSON or in a form.

    Raises:
        UnreadableEvent: It holds none.
    """
    text = form_payload(raw) if is_form(headers) else raw
    try:
        values = json_text.loads(text or b"")
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise UnreadableEvent(
            "The webhook's body is no JSON object. Set its content type to JSON at the code host."
        )
    return values


def at(values: Any, *path: str) -> Any:
    """Return what lies at a path of keys, or None."""
    for key in path:
        if not isinstance(values, dict):
            return None
        values = values.get(key)
    return values


def objects(values: Any, *path: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list, up to a hundred."""
    found = at(values, *path)
    if isinstance(found, list):
        yield from (each for each in found[:_MOST_OF_A_LIST] if isinstance(each, dict))


def text(values: Any, *path: str) -> str:
    """Return a name of one line; "" if there is none."""
    found = at(values, *path)
    if not isinstance(found, str) or len(found) > _LONGEST_TEXT or not found.isprintable():
        return ""
    return found.strip()


def number(values: Any, *path: str) -> tuple[int, ...]:
    """Return a number from 1 on, alone; nothing if there is none."""
    found = at(values, *path)
    is_number = isinstance(found, int) and not isinstance(found, bool)
    return (found,) if is_number and 0 < found <= _LARGEST_NUMBER else ()


def commit(values: Any, *path: str) -> tuple[str, ...]:
    """Return the full id of a commit, alone; nothing if there is none, or only zeros."""
    found = at(values, *path)
    return (found,) if isinstance(found, str) and _COMMIT.fullmatch(found) else ()


def branch(values: Any, *path: str) -> tuple[str, ...]:
    """Return the branch that a full ref names, alone; nothing if it names a tag or none."""
    ref = text(values, *path)
    name = ref.removeprefix(HEADS)
    return (name,) if name and name != ref else ()
