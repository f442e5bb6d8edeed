"""`flagstone forge`: what the operator of code hosts needs beside the pages."""

from __future__ import annotations

import typer

forge_app = typer.Typer(name="forge", no_args_is_help=True, help="Code hosts and their secrets.")


@forge_app.callback()
def forge() -> None:
    """Code hosts and their secrets."""


@forge_app.command("new-key")
def new_key() -> None:
    """Print a new key for FLAGSTONE_SEALING_KEYS, which seals what code hosts entrust to Flagstone.

    Put it in front of the keys that are there: the first one seals, every one opens.
    """
    from cryptography.fernet import Fernet  # noqa: PLC0415 - the command has to start at once

    typer.echo(Fernet.generate_key().decode())
