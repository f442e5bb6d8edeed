"""What `flagstone forge doctor` prints; it needs Django set up."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

import typer

from flagstone.cli.code_hosts import code_host
from flagstone.forge.doctor import Doctor, Finding, Outcome

WELL, PROBLEMS, COULD_NOT_ASK, ENDED = 0, 1, 2, 130
_SIGNS = {Outcome.OK: "ok     ", Outcome.PROBLEM: "PROBLEM", Outcome.SKIPPED: "skipped"}


def examine(host_name: str, repository: str, *, as_json: bool) -> int:
    """Print what each try shows, and return the exit status.

    Raises:
        NotFound: There is no such code host.
    """
    doctor = Doctor(code_host(host_name), repository)
    problems = 0
    show = _as_json if as_json else _as_text
    try:
        with _ended_gently(), contextlib.closing(doctor.examine()) as findings:
            for finding in findings:
                problems += finding.outcome is Outcome.PROBLEM
                typer.echo(show(finding))
    except KeyboardInterrupt:
        for finding in doctor.cleaned:
            typer.echo(show(finding))
        typer.echo("Ended.", err=True)
        return ENDED
    if not as_json:
        typer.echo("All is well." if not problems else f"{problems} to mend.")
    if not doctor.has_asked:
        return COULD_NOT_ASK
    return PROBLEMS if problems else WELL


@contextlib.contextmanager
def _ended_gently() -> Iterator[None]:
    """Let a TERM signal end the examination as Ctrl-C does: with what was made taken away."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _as_json(finding: Finding) -> str:
    return json.dumps(
        {"step": finding.step, "outcome": finding.outcome.value, "said": finding.said}
    )


def _as_text(finding: Finding) -> str:
    said = f": {finding.said}" if finding.said else ""
    return f"{_SIGNS[finding.outcome]}  {finding.step}{said}"
