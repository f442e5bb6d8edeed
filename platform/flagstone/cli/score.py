"""`flagstone score`: hold the manifests of a folder against a scorecard, offline."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flagstone.cli.formats import (
    json_report,
    junit_report,
    markdown_report,
    sarif_report,
    text_report,
)
from flagstone.core.content import content_dir
from flagstone.core.errors import NotFound, UserError
from flagstone.core.forking import cores
from flagstone.core.hidden_characters import written_out
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.reading import read_folder
from flagstone.scorecards.engine.definition import load_scorecard
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.report import Report
from flagstone.scorecards.engine.states import Severity

_WIDEST = 110


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"


_MACHINE: dict[Format, Callable[[Report], str]] = {
    Format.JSON: json_report.render,
    Format.SARIF: sarif_report.render,
    Format.JUNIT: junit_report.render,
    Format.MARKDOWN: markdown_report.render,
}


def score(
    path: Annotated[
        Path,
        typer.Argument(help="A folder of manifests, a clone of a GitOps repository, or a file."),
    ],
    report_format: Annotated[
        Format, typer.Option("--format", "-f", help="How to write the report.")
    ] = Format.TEXT,
    fail_on: Annotated[
        Severity | None,
        typer.Option(
            help="Exit 1 if a failing check has at least this severity: "
            "C critical, H high, M medium, L low."
        ),
    ] = None,
    scorecard: Annotated[
        Path | None, typer.Option(help="A scorecard of your own, instead of production-readiness.")
    ] = None,
    policies: Annotated[
        Path | None,
        typer.Option(help="A folder of Gatekeeper policies, instead of Flagstone's own."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file, not to the terminal.")
    ] = None,
) -> None:
    """Score every service in PATH: which guardrails hold, which do not, and how to mend them.

    Nothing is needed besides the files: no server, no database, no cluster. Exit status: 0 scored,
    1 a check failed that --fail-on asks for, 2 wrong usage or input that cannot be read.
    """
    content = content_dir("scorecards")
    card = load_scorecard(scorecard or content / "production-readiness.yaml")
    rules = _load_policies(policies or content / "policies")
    with _without_collector():
        snapshot = read_folder(path, processes=cores())
        report = evaluate(snapshot, card, rules, now=datetime.now(UTC), processes=cores())
        text = _render(report, report_format, to_file=output is not None)
    _write(text, output)
    if fail_on is not None and report.fails_at(fail_on):
        raise typer.Exit(1)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Objects that were read hold no cycles: looking for some takes a sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _load_policies(folder: Path) -> PolicySet:
    rules = PolicySet.load(folder)
    if rules.errors:
        listed = "\n  ".join(error.message for error in rules.errors)
        raise UserError(f"the policies in {folder} cannot be used:\n  {listed}")
    for skipped in rules.not_evaluated:
        typer.echo(f"flagstone: not evaluated: {written_out(skipped.message)}", err=True)
    if not rules.policies and not rules.not_evaluated:
        raise NotFound(
            f"{folder} holds no Gatekeeper policy: it needs ConstraintTemplates and constraints"
        )
    return rules


def _render(report: Report, report_format: Format, *, to_file: bool) -> str:
    if report_format is not Format.TEXT:
        return _MACHINE[report_format](report)
    for_people = not to_file and sys.stdout.isatty()
    width = shutil.get_terminal_size((100, 24)).columns if for_people else 100
    colour = for_people and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return text_report.render(report, text_report.Style(min(max(width, 60), _WIDEST), colour))


def _write(text: str, output: Path | None) -> None:
    if output is None:
        _print(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}") from error


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as `head` has
        raise
    except OSError as error:
        raise UserError(f"the report cannot be written: {error.strerror}") from error
