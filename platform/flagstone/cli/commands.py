"""The commands by name, each imported when it is asked for: `score` needs nothing that `render` does."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

_PLACES = {
    "score": "flagstone.cli.score:score",
    "render": "flagstone.cli.render:render_scaffold",
    "init-gitops": "flagstone.cli.init_gitops:init_gitops",
    "audit": "flagstone.cli.audit:audit_app",
    "forge": "flagstone.cli.forge:forge_app",
    "policy": "flagstone.cli.policy:policy_app",
}
_IN_SHORT = {
    "score": "Score every service of a repository.",
    "render": "Show what a scaffold writes with these answers.",
    "init-gitops": "Make a GitOps repository.",
}
_NOT_DONE = "it is not done: run the same command again"
_LEFT = {
    "score": "there is no whole report: run it again, which is faster, as what promtool answered is kept"
}


class Commands(TyperGroup):
    """The group of all commands."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for; after Ctrl-C say what is left of it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            name = ctx.invoked_subcommand or ""
            typer.echo(f"\nflagstone: interrupted; {_LEFT.get(name, _NOT_DONE)}.", err=True)
            raise typer.Exit(130) from None

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order in which the help has them."""
        return list(_PLACES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name in _PLACES and cmd_name not in self.commands:
            self.add_command(_made(cmd_name), cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command of the first argument; what is none is compared with all of them."""
        if args and args[0] not in _PLACES:
            for name in _PLACES:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


def _made(name: str) -> Any:
    """What Typer makes of a function or of a group of functions."""
    module, _, attribute = _PLACES[name].partition(":")
    found = getattr(import_module(module), attribute)
    host = typer.Typer(add_completion=False, rich_markup_mode=None)
    if isinstance(found, typer.Typer):
        host.add_typer(found, name=name)
    else:
        host.command(name, short_help=_IN_SHORT[name])(found)
    return get_group(host).commands[name]
