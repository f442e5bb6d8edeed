"""Hidden marks in texts at a code host, by which we know our own again."""

from __future__ import annotations

import re
from uuid import UUID

_CHANGE = re.compile(
    r"<!-- flagstone:change-request=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) -->"
)
_CUT = "\n\n_The rest is left out: the code host takes no longer text._"


def change_marker(change_id: UUID) -> str:
    """Return the mark of a change request's pull request."""
    return f"<!-- flagstone:change-request={change_id} -->"


def marked_change(body: str) -> UUID | None:
    """Return the change request that a pull request's body is marked with."""
    found = _CHANGE.search(body)
    return UUID(found.group(1)) if found else None


def mark_body(body: str, change_id: UUID | None, *, longest: int) -> str:
    """Put the mark under a body; the body is cut where it must be, the mark never.

    Marks that stand in the body already are taken out: a person's text may not pass for another change.
    """
    body = _CHANGE.sub("", body).strip()
    mark = f"\n\n{change_marker(change_id)}" if change_id else ""
    room = longest - len(mark)
    if len(body) > room:
        body = body[: room - len(_CUT)] + _CUT
    return body + mark


def without_marks(body: str) -> str:
    """Return a body as people read it."""
    return _CHANGE.sub("", body).strip()
