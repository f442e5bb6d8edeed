"""What the bell tells somebody: their recent jobs, and which of them ended since they last looked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.core.models import Job, JobState

SHOWN = 8
# a job that nobody watched end is still news for this long
NEWS_AGE = timedelta(days=2)

# kind of a job to the page that shows it
JOB_PAGES: dict[str, Callable[[Job], str]] = {}


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
    return list(Job.objects.filter(requested_by=user)[:SHOWN])


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
    return list(
        Job.objects.filter(
            requested_by=user, finished_at__gt=after, finished_at__lte=until
        ).order_by("-finished_at")
    )


def page_of(job: Job) -> str:
    """Return the address of the page that shows a job; empty when there is none."""
    find = JOB_PAGES.get(job.kind)
    return find(job) if find else ""
