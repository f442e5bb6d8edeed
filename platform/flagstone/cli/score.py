"""`flagstone score`: hold the manifests of a folder against a scorecard, offline."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagstone.cli.baseline_file import read_baseline, written
from flagstone.cli.crds import crds_folder
from flagstone.cli.formats import (
    json_report,
    junit_report,
    markdown_report,
    sarif_report,
    text_report,
)
from flagstone.cli.formats.style import Style
from flagstone.cli.places import folder_in_repository
from flagstone.cli.progress import telling
from flagstone.cli.terminal import wants_colour, width_of
from flagstone.cli.writing import print_pieces, write_pieces, write_text
from flagstone.core.content import content_dir
from flagstone.core.errors import NotFound, UserError
from flagstone.core.forking import cores
from flagstone.core.hidden_characters import written_out
from flagstone.policies.engines.asking import Engine
from flagstone.policies.engines.confined import confined
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.reading import read_folder
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.schemas.schemas import Schemas
from flagstone.scorecards.engine.definition import Scorecard, load_scorecard
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.reporting.baseline import compare, entries_of
from flagstone.scorecards.engine.reporting.narrowing import Change, narrow
from flagstone.scorecards.engine.reporting.report import BaselineEntry, Report
from flagstone.scorecards.engine.states import Severity

if TYPE_CHECKING:
    from flagstone.cli.changed_files import ChangedFiles


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"


_MACHINE: dict[Format, Callable[[Report], str]] = {
    Format.JUNIT: junit_report.render,
    Format.MARKDOWN: markdown_report.render,
}


def _severity(text: str) -> Severity:
    found = Severity.called(text)
    if found is None:
        words = ", ".join(each.label for each in Severity)
        raise typer.BadParameter(
            f"{text!r} is no severity: say one of {words}, or its first letter."
        )
    return found


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
            parser=_severity,
            metavar="SEVERITY",
            help="Exit 1 if a failing check has at least this severity: critical, high, medium or low, "
            "or its first letter.",
        ),
    ] = None,
    scorecard: Annotated[
        Path | None, typer.Option(help="A scorecard of your own, instead of production-readiness.")
    ] = None,
    policies: Annotated[
        Path | None,
        typer.Option(help="A folder of Gatekeeper policies, instead of Flagstone's own."),
    ] = None,
    crds: Annotated[
        Path | None,
        typer.Option(
            help="A folder of CustomResourceDefinitions: objects with fields or values that they do not "
            "have are found. Those of PATH itself are always used."
        ),
    ] = None,
    changed_since: Annotated[
        str,
        typer.Option(
            metavar="REV",
            help="Judge everything, but show and fail only the services that changed since this "
            "branch left REV (a git revision, such as origin/main).",
        ),
    ] = "",
    baseline: Annotated[
        Path | None,
        typer.Option(help="A file of findings that are known: only new ones fail."),
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(help="Write all findings that fail now to this baseline file.")
    ] = None,
    show_all: Annotated[
        bool, typer.Option("--all", help="Show long lists in the text to their ends.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file, not to the terminal.")
    ] = None,
) -> None:
    """Score every service in PATH: which guardrails hold, which do not, and how to mend them.

    Nothing is needed besides the files: no server, no database, no cluster. Exit status: 0 scored,
    1 a check failed that --fail-on asks for, 2 wrong usage or input that cannot be read.
    """
    if write_baseline and changed_since:
        raise UserError(
            "a baseline is of everything: leave --changed-since out to write one, or write it first"
        )
    content = content_dir("scorecards")
    card = load_scorecard(scorecard or content / "production-readiness.yaml")
    rules = _load_policies(policies or content / "policies", confined() if policies else None)
    definitions = crds_folder(crds)
    known = None if baseline is None else read_baseline(baseline)
    changed = _changed(path, changed_since) if changed_since else None
    with _without_collector():
        report = _judged(
            path,
            card,
            rules,
            crds=definitions,
            known=known,
            changed=changed,
            yardstick=_yardstick(changed, scorecard, policies, crds),
            since=changed_since,
        )
        if write_baseline is not None:
            entries = entries_of(report)
            write_text(written(entries, card.name), write_baseline)
            told = f"flagstone: known findings in {write_baseline} now: {len(entries):,}"
            typer.echo(told, err=True)
        text = _render(report, report_format, path, to_file=output is not None, whole=show_all)
        if output is None:
            print_pieces(text)
        else:
            write_pieces(text, output)
    if fail_on is not None and report.fails_at(fail_on):
        raise typer.Exit(1)


def _judged(
    path: Path,
    card: Scorecard,
    rules: PolicySet,
    *,
    crds: Path | None,
    known: list[BaselineEntry] | None,
    changed: ChangedFiles | None,
    yardstick: str,
    since: str,
) -> Report:
    with telling(f"reading {path}") as now:
        moment = datetime.now(UTC)

        def judge(snapshot: Snapshot) -> Report:
            return evaluate(
                snapshot,
                card,
                rules,
                now=moment,
                schemas=Schemas.for_objects(snapshot.manifests, crds),
                processes=cores(),
                with_sources=changed is not None,
            )

        snapshot = read_folder(path, processes=cores())
        now(f"judging {snapshot.documents:,} documents")
        report = judge(snapshot)
        # what moved or is gone is seen on the whole: only then is it narrowed
        if known is not None:
            report = compare(report, known, exists=snapshot.exists)
        if changed is not None:
            change = Change(since, changed.files, yardstick=yardstick)
            if changed.files:
                now(f"judging what was there before the change since {since}")
                before = read_folder(path, processes=cores(), instead=changed.before)
                change = replace(change, before=before, services=judge(before).services)
            report = narrow(report, snapshot, change)
    return report


def _changed(path: Path, revision: str) -> ChangedFiles | None:
    # what starts git takes a while to import, and few runs need it
    from flagstone.cli.changed_files import changed_files  # noqa: PLC0415

    return changed_files(path, revision) if path.exists() else None  # the reading will say it


def _yardstick(changed: ChangedFiles | None, *given: Path | None) -> str:
    """A changed file by which every service is judged: of the scorecard, the policies or the CRDs."""
    if changed is None:
        return ""
    return next(filter(None, (changed.below(place) for place in given if place)), "")


@contextmanager
def _without_collector() -> Iterator[None]:
    """Objects that were read hold no cycles: looking for some takes a sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _load_policies(folder: Path, engine: Engine | None) -> PolicySet:
    """Policies of a folder; those of others are evaluated in a child, which `engine` is."""
    rules = PolicySet.load(folder, engine)
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


def _render(
    report: Report, report_format: Format, path: Path, *, to_file: bool, whole: bool
) -> Iterable[str]:
    if report_format is Format.JSON:
        return json_report.pieces(report)
    if report_format is Format.TEXT:
        colour = not to_file and wants_colour(sys.stdout)
        style = Style(width_of(sys.stdout), colour, whole)
        return (text_report.render(report, style),)
    if report_format is Format.SARIF:
        return sarif_report.pieces(report, folder=folder_in_repository(path))
    return (_MACHINE[report_format](report),)
