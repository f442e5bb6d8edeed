"""What `flagstone forge doctor` prints; it needs Django set up."""

from __future__ import annotations

import contextlib
import json

import typer

from flagstone.cli.code_hosts import code_host
from flagstone.forge.doctor import Doctor, Finding, Outcome

_SIGNS = {Outcome.OK: "ok     ", Outcome.PROBLEM: "PROBLEM", Outcome.SKIPPED: "skipped"}


def examine(host_name: str, repository: str, *, as_json: bool) -> bool:
    """Print what each try shows, and tell whether all is well.

    Raises:
        NotFound: There is no such code host.
    """
    host = code_host(host_name)
    problems = 0
    with contextlib.closing(Doctor(host, repository).examine()) as findings:
        for finding in findings:
            problems += finding.outcome is Outcome.PROBLEM
            typer.echo(_as_json(finding) if as_json else _as_text(finding))
    if not as_json:
        typer.echo("All is well." if not problems else f"{problems} to mend.")
    return not problems


def _as_json(finding: Finding) -> str:
    return json.dumps(
        {"step": finding.step, "outcome": finding.outcome.value, "said": finding.said}
    )


def _as_text(finding: Finding) -> str:
    said = f": {finding.said}" if finding.said else ""
    return f"{_SIGNS[finding.outcome]}  {finding.step}{said}"
