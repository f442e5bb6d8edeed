"""`flagstone audit`: prove that nobody changed what happened."""

from __future__ import annotations

import os
import sys

import typer

audit_app = typer.Typer(
    name="audit", no_args_is_help=True, help="The audit chain of a running Flagstone."
)


@audit_app.command("verify")
def verify() -> None:
    """Walk the audit chain from its beginning; exit 1 and name the first entry that does not fit.

    It reads the database that DATABASE_URL names, or the one of `make up`, which has to be running.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flagstone.config.settings")
    import django  # noqa: PLC0415 - `flagstone score` has to start without Django

    django.setup()
    from django.db import DatabaseError  # noqa: PLC0415

    from flagstone.core import audit  # noqa: PLC0415 - needs Django set up

    try:
        verdict = audit.verify()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        typer.echo(
            f"flagstone: the database cannot be read: {reason}\n"
            "Start it with `make up`, or set DATABASE_URL to the one of your Flagstone.",
            err=True,
        )
        sys.exit(2)
    if not verdict.holds:
        typer.echo(f"The chain is broken at entry {verdict.broken_at}: {verdict.reason}.")
        typer.echo(f"The {verdict.entries} entries before it hold.")
        raise typer.Exit(1)
    typer.echo(f"The chain holds: {verdict.entries} entries, head {verdict.head}")
