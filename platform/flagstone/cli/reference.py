"""The reference page of the command, made from the command itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from typer import Context
from typer.core import TyperGroup
from typer.main import get_command

from flagstone.cli.main import app

_INTRODUCTION = """\
<!-- Made from the code by `make docs` -->

# The `flagstone` command

What each command does, with its arguments and options. Data goes to the standard output, everything else to the error
output. Every command ends with one of these:

| exit status | meaning |
| --- | --- |
| 0 | done; of `flagstone score`: scored, whatever the score is |
| 1 | done, and what was asked for is not so: a check failed that `--fail-on` asks for |
| 2 | wrong usage, or something that a person can mend: one sentence says what happened, where, and what to do next |

A finding that a `--baseline` knows, and a service that `--changed-since` leaves out, fail nothing.
"""


def reference() -> str:
    """Return the page as Markdown."""
    command = get_command(app)
    return "\n".join([_INTRODUCTION, *_command(command, "flagstone")])


def _command(command: Any, path: str) -> Iterator[str]:
    context = Context(command, info_name=path)
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            yield from _command(command.get_command(context, name), f"{path} {name}")
        return
    yield f"## `{path}`"
    yield ""
    yield inspect.cleandoc(command.help or "")
    yield ""
    yield "```"
    yield " ".join([path, *command.collect_usage_pieces(context)])
    yield "```"
    yield ""
    yield "| argument or option | what it is |"
    yield "| --- | --- |"
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and parameter.name != "help":
            name, text = (" ".join(part.split()).replace("|", "\\|") for part in record)
            yield f"| `{name}` | {text} |"
    yield ""
