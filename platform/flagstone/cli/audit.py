"""`flagstone audit`: prove that nobody changed what happened."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from flagstone.cli.database import with_database

if TYPE_CHECKING:  # its models need Django set up
    from flagstone.core.audit import Verdict

audit_app = typer.Typer(
    name="audit", no_args_is_help=True, help="The audit chain of a running Flagstone."
)


@audit_app.command("head", short_help="Print the last entry, to compare it later.")
def head() -> None:
    """Check the chain and print its last entry as NUMBER:HASH, for an auditor to keep.

    Keep it where nobody who administers the database can write, and hand it to `verify --anchor` later: a chain whose
    end was cut off holds by itself.
    """
    verdict = _verdict()
    _require_whole(verdict)
    typer.echo(str(verdict.anchor))


@audit_app.command("verify", short_help="Walk the chain and name the first break.")
def verify(
    anchor: Annotated[
        str,
        typer.Option(
            metavar="NUMBER:HASH",
            help="What `flagstone audit head` printed once: notices, too, that the end was cut off.",
        ),
    ] = "",
) -> None:
    """Walk the audit chain from its beginning; exit 1 and name the first entry that does not fit.

    It reads the database that DATABASE_URL names, or the one of `make up`, which has to be running.
    """
    verdict = _verdict(anchor)
    _require_whole(verdict)
    typer.echo(f"The chain holds: {verdict.entries} entries, head {verdict.head}")


def _require_whole(verdict: Verdict) -> None:
    if not verdict.holds:
        typer.echo(f"The chain is broken at entry {verdict.broken_at}: {verdict.reason}.")
        typer.echo(f"The {verdict.entries} entries before it hold.")
        raise typer.Exit(1)


def _verdict(anchor: str = "") -> Verdict:
    with with_database():
        from flagstone.core import audit  # noqa: PLC0415 - needs Django set up

        try:
            return audit.verify(anchor=audit.Anchor.parse(anchor) if anchor else None)
        except ValueError as error:
            typer.echo(f"flagstone: {error}.", err=True)
            sys.exit(2)
