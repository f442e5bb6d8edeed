"""`flagstone forge`: what the operator of code hosts needs beside the pages."""

from __future__ import annotations

import typer

from flagstone.cli.database import with_database

forge_app = typer.Typer(name="forge", no_args_is_help=True, help="Code hosts and their secrets.")


@forge_app.callback()
def forge() -> None:
    """Code hosts and their secrets."""


@forge_app.command("new-key")
def new_key() -> None:
    """Print a new key for FLAGSTONE_SEALING_KEYS, which seals what code hosts entrust to Flagstone.

    Put it in front of the keys that are there: the first one seals, every one opens. `flagstone forge reseal`
    then brings everything under it, and the old keys can go.
    """
    from cryptography.fernet import Fernet  # noqa: PLC0415 - the command has to start at once

    typer.echo(Fernet.generate_key().decode())


@forge_app.command("reseal")
def reseal() -> None:
    """Seal every stored secret with the first of FLAGSTONE_SEALING_KEYS, so that the other keys can go."""
    with with_database():
        from flagstone.forge.credentials import reseal_secrets  # noqa: PLC0415 - needs Django set up

        count = reseal_secrets()
    typer.echo(
        f"{count} {'secret is' if count == 1 else 'secrets are'} sealed with the first key now."
    )
