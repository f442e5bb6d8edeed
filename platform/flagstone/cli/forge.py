"""`flagstone forge`: what the operator of code hosts needs beside the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from flagstone.cli.database import with_database

forge_app = typer.Typer(name="forge", no_args_is_help=True, help="Code hosts and their secrets.")


@forge_app.callback()
def forge() -> None:
    """Code hosts and their secrets."""


@forge_app.command("new-key", short_help="Print a key that seals stored secrets.")
def new_key() -> None:
    """Print a new key for FLAGSTONE_SEALING_KEYS, which seals what code hosts entrust to Flagstone.

    Put it in front of the keys that are there: the first one seals, every one opens. `flagstone forge reseal`
    then brings everything under it, and the old keys can go.
    """
    from cryptography.fernet import Fernet  # noqa: PLC0415 - the command has to start at once

    typer.echo(Fernet.generate_key().decode())


@forge_app.command("reseal", short_help="Seal stored secrets with the first key.")
def reseal() -> None:
    """Seal every stored secret with the first of FLAGSTONE_SEALING_KEYS, so that the other keys can go."""
    with with_database():
        from flagstone.forge.credentials import reseal_secrets  # noqa: PLC0415 - needs Django set up

        count = reseal_secrets()
    typer.echo(
        f"{count} {'secret is' if count == 1 else 'secrets are'} sealed with the first key now."
    )


@forge_app.command("backfill", short_help="Read the pull requests from before Flagstone.")
def backfill(
    repositories: Annotated[
        list[str] | None,
        typer.Argument(metavar="[OWNER/NAME]...", help="Which ones; all when left out."),
    ] = None,
    host: Annotated[str, typer.Option(help="Only those on this code host.")] = "",
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Leave out what changed last before this day."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait where a code host asks for it, and go on.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each repository.")
    ] = False,
) -> None:
    """Read the pull requests from before Flagstone: who wrote, reviewed and merged what, and when.

    It can be ended at any moment and goes on where it was. Exit 0 when all was read, 1 when some could not be read
    (each is named, and tried again in the next run) or a code host refused, 2 wrong usage, 3 when a code host asked
    for patience or did not answer: run it again later. 130 when it was ended by Ctrl-C.
    """
    with with_database():
        from flagstone.cli.backfilling import choose, read_histories  # noqa: PLC0415 - needs Django set up

        moment = since.replace(tzinfo=UTC) if since else None
        endings = []
        chosen = choose(repositories or [], host)
        try:
            for history in read_histories(chosen, moment, wait=wait, is_quiet=as_json):
                typer.echo(history.as_json() if as_json else history.as_text())
                endings.append(history.ending)
        except KeyboardInterrupt:
            typer.echo("Ended. Nothing is lost: run it again, and it goes on.", err=True)
            raise typer.Exit(130) from None
    raise typer.Exit(max(endings, default=0))


@forge_app.command("doctor", short_help="Try a code host: what works there, what not.")
def doctor(
    host: Annotated[str, typer.Argument(help="The code host, by its name in Flagstone.")],
    repository: Annotated[
        str, typer.Argument(metavar="OWNER/NAME", help="A repository to try at.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Try at a real repository what Flagstone does there: read, push a branch, open a draft pull request, webhook.

    It closes and deletes what it made, also when it is ended; what a killed one left, a later one removes. Exit 0
    when all is well, 1 when something is not, 2 when the code host could not be asked at all.
    """
    with with_database():
        from flagstone.cli.examining import examine  # noqa: PLC0415 - needs Django set up

        status = examine(host, repository, as_json=as_json)
    raise typer.Exit(status)


@forge_app.command("discover", short_help="Find repositories that could be registered.")
def discover(
    host: Annotated[str, typer.Argument(help="The code host, by its name in Flagstone.")],
    person: Annotated[str, typer.Option("--as", help="Your user name in Flagstone.")],
    owner: Annotated[
        str,
        typer.Argument(
            metavar="[OWNER]", help="An organisation, group or person there.", show_default=False
        ),
    ] = "",
    repositories: Annotated[
        list[str] | None,
        typer.Option("--repository", metavar="OWNER/NAME", help="Only this one; may be repeated."),
    ] = None,
    role: Annotated[
        str,
        typer.Option(
            "--role",
            metavar="gitops|catalog|service",
            help="What all of them are for, where it is not what their files suggest.",
            show_default=False,
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Register without asking.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each repository.")
    ] = False,
) -> None:
    """Find repositories with catalog-info.yaml or GitOps paths, show what would be registered, and register on yes.

    Lines with + bring something new, with = nothing. Exit 0 when all was looked at and registered, 1 when something
    could not be, 2 when it could not begin. Running it again adds what is new.
    """
    with with_database():
        from flagstone.cli.discovering import (  # noqa: PLC0415 - needs Django set up
            find,
            has_consent,
            register_all,
        )
        from flagstone.forge.actions import require_role  # noqa: PLC0415 - needs Django set up

        if role:
            require_role(role)
        actor, place, found = find(person, host, owner, repositories or [], as_json=as_json)
        failed = sum(candidate.has_failed for candidate in found)
        new = [candidate for candidate in found if candidate.is_new]
        if not new:
            told = (
                f"{failed} could not be looked at: see above."
                if failed
                else "There is nothing new to register."
            )
            typer.echo(told, err=True)
        elif has_consent(len(new), len(found), yes=yes, as_json=as_json):
            failed += register_all(actor, place, new, role=role)
        else:
            typer.echo("Nothing was registered; --yes registers.", err=True)
    raise typer.Exit(1 if failed else 0)
