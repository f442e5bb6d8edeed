"""What a run did, as people read it."""

from __future__ import annotations

from flagstone.core.models import JobLine


def steps(run):
    return dict(run.job.steps.values_list("key", "state"))


def lines(run):
    return list(
        JobLine.objects.filter(job_id=run.job_id).order_by("pk").values_list("text", flat=True)
    )
