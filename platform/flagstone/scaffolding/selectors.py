"""Reads of scaffolds and their runs, shaped for those who show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from flagstone.core.errors import NotFound
from flagstone.core.models import JobLine, JobStep
from flagstone.scaffolding.collection import all_scaffolds
from flagstone.scaffolding.engine.names import name_fault
from flagstone.scaffolding.engine.outputs import Link, Text
from flagstone.scaffolding.engine.scaffold import Scaffold
from flagstone.scaffolding.models import MADE, Provenance, ScaffoldRun
from flagstone.scaffolding.naming import name_holder
from flagstone.scaffolding.outcomes import outcome_of
from flagstone.scaffolding.previewing import Preview, preview
from flagstone.scaffolding.surroundings import surroundings_of

__all__ = [
    "Preview",
    "RunDetail",
    "ScaffoldSummary",
    "find_run",
    "list_runs",
    "list_scaffolds",
    "log_lines",
    "name_problem",
    "preview",
    "provenance_of",
    "run_detail",
]


@dataclass(frozen=True, slots=True)
class ScaffoldSummary:
    """A scaffold to choose, and how it has been used; a broken one has a `scaffold.problem`."""

    scaffold: Scaffold
    runs: int
    services: int
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunDetail:
    """Everything that the page of a run shows.

    Attributes:
        run: With who asked, its repositories and its pull request.
        steps: In their order, with times and errors.
        lines: Of the log, after the number that was asked for.
        last_line: Number of the last line here; ask for what comes after it next time.
        links: What the scaffold's own `output` points to, as it is written there.
        texts: What it says, as Markdown.
    """

    run: ScaffoldRun
    steps: list[JobStep]
    lines: list[JobLine]
    last_line: int
    links: list[Link]
    texts: list[Text]

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more unless somebody acts."""
        return self.run.job.is_finished


def list_scaffolds() -> list[ScaffoldSummary]:
    """List the scaffolds in order of title, with how often each was used."""
    usage = {
        row["scaffold_id"]: row
        for row in ScaffoldRun.objects.order_by()
        .values("scaffold_id")
        .annotate(
            runs=Count("pk"),
            services=Count("pk", filter=Q(state__in=MADE)),
            last_used_at=Max("created_at"),
        )
    }
    return [
        ScaffoldSummary(scaffold, used["runs"], used["services"], used["last_used_at"])
        if (used := usage.get(scaffold.id))
        else ScaffoldSummary(scaffold, 0, 0, None)
        for scaffold in all_scaffolds()
    ]


def list_runs() -> QuerySet[ScaffoldRun]:
    """List all runs, the newest first, with what a list shows of them."""
    return ScaffoldRun.objects.select_related(
        "requested_by", "job", "repository", "change_request__pull_request__repository"
    )


def find_run(run_id: UUID) -> ScaffoldRun:
    """Return a run.

    Raises:
        NotFound: There is none.
    """
    run = list_runs().filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"There is no run {run_id}.", code="scaffold.run_not_found")
    return run


def run_detail(run_id: UUID, *, after: int = 0) -> RunDetail:
    """Return a run with its steps, and the lines of its log after a number.

    Raises:
        NotFound: There is none.
    """
    run = find_run(run_id)
    lines = log_lines(run, after=after)
    links, texts = outcome_of(run)
    return RunDetail(
        run=run,
        steps=list(JobStep.objects.filter(job_id=run.job_id)),
        lines=lines,
        last_line=lines[-1].pk if lines else after,
        links=links,
        texts=texts,
    )


def log_lines(run: ScaffoldRun, *, after: int = 0) -> list[JobLine]:
    """Return the lines of a run's log after a number, in their order, with their steps."""
    found = JobLine.objects.filter(job_id=run.job_id, pk__gt=after).select_related("step")
    return list(found.order_by("pk"))


def name_problem(name: str, *, is_change: bool = False) -> str:
    """Say why a service cannot have this name: it is no name, or who holds it; '' when it can.

    What is changed has its name already.
    """
    fault = name_fault(name)
    return fault or ("" if is_change else name_holder(name, surroundings_of(name)))


def provenance_of(entity_ref: str) -> Provenance | None:
    """Return what a service was made from, None when no scaffold of ours made it."""
    found = Provenance.objects.select_related("run__requested_by", "repository")
    return found.filter(entity_ref=entity_ref.lower()).first()
