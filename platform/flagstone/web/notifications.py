"""What the bell tells somebody: their recent jobs, and which of them ended since they last looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.core.models import Job, JobState

SHOWN = 8
# a job that nobody watched end is still news for this long
NEWS_AGE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class BellState:
    """What the mark on the bell says; `token` changes whenever it does."""

    running: int
    news: int

    @property
    def token(self) -> str:
        return f"{self.running}.{self.news}"


def recent_jobs(user: User) -> list[Job]:
    """List the newest jobs that a person asked for."""
    return list(_jobs_of(user)[:SHOWN])


def bell_state(user: User, seen: datetime | None) -> BellState:
    """Count a person's running jobs, and those that ended since they opened the bell."""
    since = seen or timezone.now() - NEWS_AGE
    jobs = Job.objects.filter(requested_by=user, created_at__gt=timezone.now() - NEWS_AGE)
    states = list(jobs.values_list("state", "finished_at"))
    return BellState(
        running=sum(state in {JobState.QUEUED, JobState.RUNNING} for state, _ in states),
        news=sum(finished is not None and finished > since for _, finished in states),
    )


def ended_between(user: User, after: datetime, until: datetime) -> list[Job]:
    """List a person's jobs that ended within a span of time, the last first."""
    ended = _jobs_of(user).filter(finished_at__gt=after, finished_at__lte=until)
    return list(ended.order_by("-finished_at"))


def _jobs_of(user: User) -> QuerySet[Job]:
    return Job.objects.filter(requested_by=user).select_related("scaffold_run", "rollback")


def page_of(job: Job) -> str:
    """Return the address of the page that shows a job; empty when there is none."""
    if run := getattr(job, "scaffold_run", None):
        return reverse("web:run", args=[run.pk])
    if rollback := getattr(job, "rollback", None):
        return reverse("web:rollback", args=[rollback.pk])
    return ""
