"""Writing down how far a run is; each write is visible to readers at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from flagstone.scaffolding.models import ScaffoldRun


def load(run_id: UUID) -> ScaffoldRun | None:
    return (
        ScaffoldRun.objects.select_related(
            "requested_by",
            "job",
            "gitops_repository__host",
            "repository__host",
            "change_request__pull_request__repository",
        )
        .filter(pk=run_id)
        .first()
    )


def record(run: ScaffoldRun, **values: Any) -> None:
    """Store some fields of a run, and that somebody is at it."""
    for name, value in values.items():
        setattr(run, name, value)
    run.touched_at = timezone.now()
    run.save(update_fields=[*values, "touched_at"])


def keep_output(run: ScaffoldRun, step_id: str, **values: Any) -> None:
    """Store what a step gave, for the expressions after it and for people."""
    record(run, outputs={**run.outputs, step_id: values})
