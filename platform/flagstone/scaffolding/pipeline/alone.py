"""One worker at a run at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from uuid import UUID

from django.db import DatabaseError, connection


@contextlib.contextmanager
def alone(run_id: UUID) -> Iterator[bool]:
    """Take a run for this worker, and tell whether it could be had.

    A session lock of PostgreSQL is given back when the process dies, so nobody waits for a lease to run out.
    """
    key = int.from_bytes(run_id.bytes[:8], "big", signed=True)
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
