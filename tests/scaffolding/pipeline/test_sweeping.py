from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from flagstone.core.models import Job
from flagstone.forge.models import ChangeRequest
from flagstone.scaffolding import pipeline, tasks
from flagstone.scaffolding.models import STUCK_AFTER, ScaffoldRun

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = STUCK_AFTER + timedelta(seconds=5)


@pytest.fixture
def run(request_run):
    made = request_run()
    pipeline.execute(made.pk)
    return made


def set_back(run, *, touched=LONG_AGO, **values):
    now = timezone.now()
    values.setdefault("not_before", now - LONG_AGO)
    ScaffoldRun.objects.filter(pk=run.pk).update(touched_at=now - touched, **values)


@pytest.mark.parametrize(
    ("run_values", "change_state", "job_state", "is_claimed"),
    [
        ({"state": "queued"}, "opened", "running", True),
        ({"state": "running"}, "opened", "running", True),
        ({"state": "waiting"}, "opened", "running", False),
        ({"state": "waiting"}, "merged", "running", True),
        ({"state": "waiting"}, "closed", "running", True),
        ({"state": "waiting", "ending": "cancelled"}, "opened", "running", True),
        ({"state": "merged"}, "merged", "running", True),
        ({"state": "merged"}, "merged", "succeeded", False),
        ({"state": "failed"}, "closed", "failed", False),
        ({"state": "cancelled"}, "closed", "cancelled", False),
        ({"state": "running", "touched": timedelta()}, "opened", "running", False),
        ({"state": "running", "not_before": "later"}, "opened", "running", False),
    ],
)
def test_what_nobody_is_at_is_taken_up(run, run_values, change_state, job_state, is_claimed):
    if run_values.get("not_before") == "later":
        run_values = {**run_values, "not_before": timezone.now() + timedelta(minutes=1)}
    set_back(run, **run_values)
    ChangeRequest.objects.update(state=change_state)
    Job.objects.filter(pk=run.job_id).update(state=job_state)
    assert pipeline.claim_stuck_runs() == ([run.pk] if is_claimed else [])
    assert pipeline.claim_stuck_runs() == []


def test_the_task_gives_them_to_workers(run, sent):
    sent.clear()
    set_back(run, state="running")
    tasks.sweep_runs()
    assert sent == [("scaffolding.execute_run", str(run.pk))]


def test_the_task_of_a_run_executes_it(request_run):
    run = request_run()
    tasks.execute_run(str(run.pk), something_newer="ignored")
    run.refresh_from_db()
    assert run.state == "waiting"


@pytest.mark.parametrize("kind", ["render", "layer", "template"])
def test_folders_of_killed_workers_are_removed(tmp_path, monkeypatch, kind):
    import os
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, new, other = (tmp_path / n for n in (f"flagstone-{kind}-a", f"flagstone-{kind}-b", "else"))
    for folder in (old, new, other):
        folder.mkdir()
        (folder / "file").write_text("x")
    os.utime(old, (1, 1))
    os.utime(other, (1, 1))
    assert pipeline.remove_abandoned() == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["else", f"flagstone-{kind}-b"]
