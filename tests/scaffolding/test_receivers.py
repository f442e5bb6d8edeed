from __future__ import annotations

import pytest
from django.db import transaction

from flagstone.catalog.signals import entities_changed
from flagstone.core.models import Job, JobState
from flagstone.forge import actions as forge_actions
from flagstone.scaffolding import pipeline
from flagstone.scaffolding.models import ScaffoldRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(request_run, sent):
    made = request_run()
    pipeline.execute(made.pk)
    made.refresh_from_db()
    sent.clear()
    return made


def test_a_review_moves_nothing(run, lead, sent):
    forge_actions.approve_pull_request(actor=lead, pull_request=run.pull_request)
    assert [name for name, _ in sent if name.startswith("scaffolding.")] == []


@pytest.mark.parametrize(
    "act", [forge_actions.merge_pull_request, forge_actions.close_pull_request]
)
def test_a_merge_or_a_closing_is_seen_by_the_run_that_waits_for_it(run, lead, sent, act):
    act(actor=lead, pull_request=run.pull_request)
    assert sent.count(("scaffolding.execute_run", str(run.pk))) == 1


def test_a_run_that_does_not_wait_is_left_alone(run, lead, sent):
    ScaffoldRun.objects.filter(pk=run.pk).update(state="cancelled")
    forge_actions.merge_pull_request(actor=lead, pull_request=run.pull_request)
    assert [name for name, _ in sent if name.startswith("scaffolding.")] == []


@pytest.mark.parametrize(
    ("state", "job_state", "refs", "is_told"),
    [
        ("merged", JobState.RUNNING, ["component:default/checkout"], True),
        ("merged", JobState.RUNNING, ["component:default/other"], False),
        ("merged", JobState.SUCCEEDED, ["component:default/checkout"], False),
        ("waiting", JobState.RUNNING, ["component:default/checkout"], False),
    ],
)
def test_a_service_in_the_catalogue_ends_the_run(run, sent, state, job_state, refs, is_told):
    ScaffoldRun.objects.filter(pk=run.pk).update(state=state)
    Job.objects.filter(pk=run.job_id).update(state=job_state)
    with transaction.atomic():
        entities_changed.send(sender=None, refs=refs)
    assert (("scaffolding.execute_run", str(run.pk)) in sent) is is_told
