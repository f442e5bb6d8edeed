"""What `flagstone forge discover` prints and asks; it needs Django set up."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence

import typer

from flagstone.accounts.models import User
from flagstone.catalog.discovery.looking import Candidate, discover, register
from flagstone.cli.code_hosts import code_host
from flagstone.core.errors import FlagstoneError, NotFound, UserError
from flagstone.core.hidden_characters import written_out
from flagstone.forge.models import CodeHost


def find(
    person: str, host_name: str, owner: str, names: Sequence[str], *, as_json: bool
) -> tuple[User, CodeHost, list[Candidate]]:
    """Print what each repository would bring, and return it.

    Raises:
        NotFound: There is no such person or code host.
        UserError: Neither an owner nor repositories are named, or they do not go together.
        FlagstoneError: The person may not, or the code host cannot be asked.
    """
    actor = User.objects.filter(username=person, is_active=True).first()
    if actor is None:
        raise NotFound(
            f"There is no active person {person!r} in Flagstone; --as takes a user name."
        )
    host = code_host(host_name)
    _require_both_to_agree(owner, names)
    candidates = []
    with contextlib.closing(discover(actor=actor, host=host, owner=owner, names=names)) as found:
        for candidate in found:
            candidates.append(candidate)
            typer.echo(_as_json(candidate) if as_json else written_out(_as_text(candidate)))
    return actor, host, candidates


def _require_both_to_agree(owner: str, names: Sequence[str]) -> None:
    if not owner and not names:
        raise UserError(
            "Name an organisation, group or person, or repositories with --repository OWNER/NAME."
        )
    others = [name for name in names if owner and not name.startswith(f"{owner}/")]
    if others:
        raise UserError(
            f"{', '.join(others)} does not begin with {owner}/. Leave {owner} out, or name only its repositories."
        )


def has_consent(count: int, total: int, *, yes: bool, as_json: bool) -> bool:
    """Tell whether to register: --yes says so, or a person at the terminal."""
    if yes:
        return True
    if as_json or not sys.stdin.isatty():
        return False
    return typer.confirm(f"Register {count} of {total}?", err=True)


def register_all(actor: User, host: CodeHost, candidates: Sequence[Candidate], *, role: str) -> int:
    """Register what is new, name what could not be, and return how many those are."""
    failed = 0
    for candidate in candidates:
        try:
            register(actor=actor, host=host, candidate=candidate, role=role)
        except FlagstoneError as error:
            failed += 1
            said = f"not registered: {candidate.full_name}: {error.message}"
            typer.echo(written_out(said), err=True)
        else:
            typer.echo(f"registered: {candidate.full_name}", err=True)
    if failed:
        typer.echo("Run it again: what is registered stays, and the rest is tried.", err=True)
    if failed < len(candidates):
        typer.echo(
            "Pull requests of the last 30 days are read now; `flagstone forge backfill` reads the older ones.",
            err=True,
        )
    return failed


def _as_text(candidate: Candidate) -> str:
    if candidate.found is None:
        how = "not looked at" if candidate.has_failed else "left out"
        return f"  {candidate.full_name}: {how}, {candidate.skipped}"
    sign = "+" if candidate.is_new else "="
    parts = [f"as {candidate.found.role}" if not candidate.is_registered else "registered already"]
    if candidate.new_locations:
        what = "to add to the catalogue" if candidate.is_registered else "catalogue"
        parts.append(f"{what}: {', '.join(candidate.new_locations)}")
    if folders := candidate.found.gitops_folders:
        more = f" and {len(folders) - 3} more" if len(folders) > 3 else ""
        parts.append(f"GitOps paths: {', '.join(folders[:3])}{more}")
    lines = [f"{sign} {candidate.full_name}: {'; '.join(parts)}"]
    lines += [f"    cannot be read as it is: {fault}" for fault in candidate.found.faults]
    return "\n".join(lines)


def _as_json(candidate: Candidate) -> str:
    found = candidate.found
    return json.dumps(
        {
            "repository": candidate.full_name,
            "new": candidate.is_new,
            "registered": candidate.is_registered,
            "skipped": candidate.skipped,
            "failed": candidate.has_failed,
            "role": found.role if found else "",
            "locations": list(candidate.new_locations),
            "gitops_folders": list(found.gitops_folders) if found else [],
            "faults": list(found.faults) if found else [],
        }
    )
