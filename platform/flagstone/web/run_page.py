"""The page of a run: where it stands, what it made, and whether there is more to wait for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may
from flagstone.core.models import JobStep, StepState
from flagstone.forge.models import PullRequest
from flagstone.scaffolding.models import MADE, RunState, ScaffoldRun
from flagstone.scaffolding.selectors import RunDetail, run_detail
from flagstone.web.arrivals import NEWS_AGE, Arrival, arrival_of_service
from flagstone.web.links import with_query
from flagstone.web.pointers import pointers
from flagstone.web.templatetags.times import span

# states of a run that have a word of their own beside those of jobs
WAITING, CANCELLING = "waiting_for_merge", "cancelling"


@dataclass(frozen=True, slots=True)
class Made:
    """Something that a run left behind."""

    title: str
    name: str
    url: str
    icon: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class RunPage:
    """Everything that the page shows beside the log.

    Args:
        detail: The run, its steps and the new lines of its log.
        arrival: What became of the service after the merge; None before that, and when it is not registered.
        made: Repository, pull request and whatever the scaffold points to.
        is_own: Whether this person may cancel and resume it.
    """

    detail: RunDetail
    arrival: Arrival | None
    made: list[Made]
    is_own: bool

    @property
    def run(self) -> ScaffoldRun:
        return self.detail.run

    @property
    def state(self) -> str:
        """The state as the page calls it, the name of a look."""
        if self.run.ending and self.run.is_live:
            return CANCELLING
        return WAITING if self.run.state == RunState.WAITING else str(self.run.state)

    @property
    def begun(self) -> str:
        """What the arrival of the service begins with, after its name."""
        return "is merged" if self.run.state == RunState.MERGED else "is made"

    @property
    def follows(self) -> bool:
        """Whether something may still change by itself."""
        if self.run.is_live or not self.run.job.is_finished:
            return True
        if self.arrival is None or self.arrival.is_done:
            return False
        ended = self.run.finished_at
        return ended is not None and timezone.now() - ended < NEWS_AGE

    @property
    def every_seconds(self) -> int:
        return 3 if self.run.state == RunState.WAITING else 1

    @property
    def address(self) -> str:
        """What the page asks again: only what it does not show yet is sent."""
        return with_query(
            reverse("web:run-live", args=(self.run.pk,)),
            after=self.detail.last_line,
            version=self.version,
        )

    @property
    def version(self) -> str:
        """Changes with everything that the page shows, so that a poll without news is answered with nothing."""
        shown = [
            self.state,
            self.run.error,
            self.run.undone,
            self.detail.last_line,
            [(step.key, step.state, step.error, _timer(step)) for step in self.detail.steps],
            [made.title + made.note + made.url for made in self.made],
            [text.content for text in self.detail.texts],
            [
                self.arrival.catalogued,
                self.arrival.scored,
                self.arrival.is_late,
                self.arrival.is_done,
            ]
            if self.arrival
            else [],
        ]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]


def run_page(user: User, run_id: UUID, *, after: int = 0) -> RunPage:
    """Gather the page of a run, with the lines of its log after a number.

    Raises:
        NotFound: There is no such run.
    """
    detail = run_detail(run_id, after=after)
    run = detail.run
    since = _made_at(run)
    arrival = (
        arrival_of_service(
            run.entity_ref,
            name=run.service_name,
            since=since,
            repository=run.pull_request.repository if run.pull_request else None,
        )
        if since
        else None
    )
    is_own = run.requested_by_id == user.pk or may(user, "scaffolding.cancel_any")
    return RunPage(
        detail=detail,
        arrival=arrival,
        made=list(_made(detail)),
        is_own=is_own and may(user, "scaffolding.create"),
    )


def _made_at(run: ScaffoldRun) -> datetime | None:
    """Return from when on the catalogue is to have the service; None before, and when nothing is registered."""
    if run.state not in MADE or not run.registration:
        return None
    pull_request = run.pull_request
    return (pull_request.merged_at if pull_request else None) or run.finished_at


def _made(detail: RunDetail) -> Iterable[Made]:
    run = detail.run
    if run.repository:
        remote = _remote_of(run)
        url = remote if remote.startswith("https://") else ""
        note = "" if url else remote
        yield Made("Service repository", run.repository.full_name, url, "archive-box", note)
    pull_request = run.pull_request
    address = reverse("web:pull", args=(pull_request.pk,)) if pull_request else ""
    if pull_request:
        note = _standing(pull_request)
        yield Made("Pull request", str(pull_request), address, "arrows-right-left", note)
    for pointer in pointers(detail.links):
        # the pull request stands here already
        if not address or pointer.url != address:
            yield Made(pointer.note, pointer.title, pointer.url, "link")


def _remote_of(run: ScaffoldRun) -> str:
    """Return what the service's repository is cloned from."""
    remotes = (out.get("remoteUrl", "") for out in run.outputs.values() if "repository" in out)
    return str(next(remotes, ""))


def _standing(pull_request: PullRequest) -> str:
    if pull_request.is_open:
        return "approved" if pull_request.approved_at else "waits for a review"
    return str(pull_request.state)


def _timer(step: JobStep) -> str:
    if step.started_at is None or step.state == StepState.SKIPPED:
        return ""
    return span((step.finished_at or timezone.now()) - step.started_at)
