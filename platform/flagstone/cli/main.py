"""The `flagstone` command. Importing it imports no Django: it has to start at once."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from flagstone import __version__
from flagstone.cli.commands import Commands
from flagstone.cli.streams import make_streams_speak
from flagstone.core.errors import FlagstoneError
from flagstone.core.hidden_characters import on_one_line, written_out

app = typer.Typer(
    name="flagstone",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"flagstone {__version__}")
        raise typer.Exit


@app.callback()
def flagstone(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """The paved road of an engineering organisation."""


def main() -> None:
    """Run the command; an error that a person can mend is one sentence and exit status 2."""
    make_streams_speak()
    try:
        try:
            app(prog_name="flagstone")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        sys.exit(1)  # as where the reader leaves before all is written
    except FlagstoneError as error:
        typer.echo(f"flagstone: {written_out(error.message)}", err=True)
        sys.exit(2)
    except UnicodeEncodeError:
        # a path may be in any bytes; a name that is looked for in the database or at a code host may not
        odd = next((each for each in sys.argv[1:] if not _is_text(each)), None)
        if odd is None:
            raise
        typer.echo(f"flagstone: {on_one_line(odd)} is no name: it is not in UTF-8.", err=True)
        sys.exit(2)


def _is_text(argument: str) -> bool:
    """Tell whether it came as UTF-8; Python keeps other bytes as halves of characters."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True
