"""Commands that need the database: `flagstone score` and its like have to start without Django."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

import typer


@contextlib.contextmanager
def with_database() -> Iterator[None]:
    """Set Django up, and end the command with a sentence where the database cannot be reached."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flagstone.config.settings")
    import django  # noqa: PLC0415 - costs half a second

    django.setup()
    from django.db import DatabaseError  # noqa: PLC0415

    try:
        yield
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        typer.echo(
            f"flagstone: the database cannot be read: {reason}\n"
            "Start it with `make up`, or set DATABASE_URL to the one of your Flagstone.",
            err=True,
        )
        sys.exit(2)
