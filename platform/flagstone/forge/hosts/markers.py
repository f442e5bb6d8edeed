"""Hidden marks in texts at a code host, by which we know our own again."""

from __future__ import annotations

import re
from uuid import UUID

_CHANGE = re.compile(
    r"<!-- flagstone:change-request=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) -->"
)
_ANY = re.compile(r"<!--\s*flagstone:.*?-->", re.DOTALL | re.IGNORECASE)
_CUT = "\n\n_The rest is left out: the code host takes no longer text._"


def change_marker(change_id: UUID) -> str:
    """Return the mark of a change request's pull request."""
    return f"<!-- flagstone:change-request={change_id} -->"


def hidden_mark(name: str) -> str:
    """Return the mark of a comment of ours, by which it is found again and edited in place."""
    return f"<!-- flagstone:{name} -->"


def marked_change(body: str) -> UUID | None:
    """Return the change request that a pull request's body is marked with; ours is the last thing in it."""
    found = _CHANGE.findall(body)
    return UUID(found[-1]) if found else None


def mark_body(body: str, change_id: UUID | None, *, longest: int) -> str:
    """Put the mark under a body; the body is cut where it must be, the mark never.

    Marks that stand in the body already are taken out: a person's text may not pass for another change.
    """
    return _with_mark(without_marks(body), change_marker(change_id) if change_id else "", longest)


def mark_text(text: str, marker: str, *, longest: int) -> str:
    """Put any mark of ours, or none (""), under a text, which loses all other marks of ours and is cut."""
    return _with_mark(without_marks(text), marker, longest)


def without_marks(body: str) -> str:
    """Return a text as people read it; what stood around a mark is kept apart, so that it makes no other one."""
    # nothing after the last end is a mark, and is not searched from each beginning in it
    marked, end, rest = body.rpartition("-->")
    return (_ANY.sub("\n", marked + end) + rest).strip()


def _with_mark(text: str, marker: str, longest: int) -> str:
    mark = f"\n\n{marker}" if marker else ""
    room = longest - len(mark)
    if len(text) > room:
        text = text[: room - len(_CUT)] + _CUT
    return text + mark
