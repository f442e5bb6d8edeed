"""Locks that live as long as the process that took them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import DatabaseError, connection


@contextlib.contextmanager
def only_one_at(subject: UUID) -> Iterator[bool]:
    """Let one worker at a time be at something, and tell whether it is this one.

    A session lock of PostgreSQL is given back when the process dies, so nobody waits for a lease to run out.

    Args:
        subject: The id of what is worked at.
    """
    key = _key(subject)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            # a connection that broke gave the lock back already
            with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def is_still_held(subject: UUID) -> bool:
    """Tell whether a lock that this process took is its own yet: with the connection that took it, it is gone.

    Args:
        subject: As it was taken for.
    """
    high, low = divmod(_key(subject) % 2**64, 2**32)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
                " AND pid = pg_backend_pid() AND classid = %s AND objid = %s)",
                [high, low],
            )
            return bool(cursor.fetchone()[0])
    except DatabaseError:
        connection.close_if_unusable_or_obsolete()  # what is to be written down needs another one
        return False


@contextlib.contextmanager
def one_of(subject: str, most: int) -> Iterator[bool]:
    """Let so many at a time be at something, and tell whether this is one of them; nobody waits.

    Args:
        subject: Names what is done.
        most: How many may.
    """
    with contextlib.ExitStack() as held:
        places = (uuid5(NAMESPACE_URL, f"{subject}:{number}") for number in range(most))
        yield any(held.enter_context(only_one_at(place)) for place in places)


def _key(subject: UUID) -> int:
    return int.from_bytes(subject.bytes[:8], "big", signed=True)
