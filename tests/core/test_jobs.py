"""A job is watched by people: its steps, log and end are there at once, and hold no secret."""

from __future__ import annotations

import pytest

from flagstone.core import jobs
from flagstone.core.errors import UserError
from flagstone.core.models import Job, JobLine

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(member) -> Job:
    return jobs.create(
        kind="test",
        title="Make tea",
        steps=[("boil", "Boil"), ("pour", "Pour")],
        requested_by=member,
    )


def test_a_new_job_waits_with_its_steps_in_order(job, member):
    assert (job.state, job.requested_by, job.is_finished) == ("queued", member, False)
    assert list(job.steps.values_list("position", "key", "title", "state")) == [
        (1, "boil", "Boil", "waiting"),
        (2, "pour", "Pour", "waiting"),
    ]


def test_a_step_that_ends_is_done_and_one_that_fails_says_why(job):
    jobs.start(job)
    with jobs.step(job, "boil") as log:
        log.info("water at https://bot:secret@kettle.example.com")
    with pytest.raises(UserError), jobs.step(job, "pour"):
        raise UserError("There is no cup. Put one there.", code="tea.no_cup")
    jobs.fail(job, UserError("There is no cup. Put one there.", code="tea.no_cup"))
    assert [jobs.is_done(job, key) for key in ("boil", "pour")] == [True, False]
    assert list(job.steps.values_list("state", "error")) == [
        ("succeeded", ""),
        ("failed", "There is no cup. Put one there."),
    ]
    assert list(JobLine.objects.values_list("level", "text")) == [
        ("info", "water at https://[redacted]@kettle.example.com"),
        ("error", "There is no cup. Put one there."),
    ]
    job.refresh_from_db()
    assert (job.state, job.error_code, job.error) == (
        "failed",
        "tea.no_cup",
        "There is no cup. Put one there.",
    )


def test_an_unexpected_failure_shows_no_inside_of_it(job):
    with pytest.raises(ZeroDivisionError), jobs.step(job, "boil"):
        raise ZeroDivisionError("password=hunter2")
    assert job.steps.get(key="boil").error == jobs.UNEXPECTED


def test_a_resumed_job_keeps_its_first_start_and_forgets_its_error(job):
    jobs.start(job)
    begun = job.started_at
    jobs.fail(job, UserError("no"))
    jobs.start(job)
    job.refresh_from_db()
    assert (job.state, job.started_at, job.error, job.finished_at) == ("running", begun, "", None)


def test_a_skipped_step_says_so(job):
    jobs.skip(job, "pour", "There is nothing to pour.")
    assert job.steps.get(key="pour").state == "skipped"
    assert job.lines.get().text == "There is nothing to pour."
