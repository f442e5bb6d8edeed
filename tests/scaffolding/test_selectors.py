from __future__ import annotations

import uuid

import pytest

from flagstone.core.errors import NotFound
from flagstone.forge import actions as forge_actions
from flagstone.scaffolding import pipeline, selectors
from flagstone.scaffolding.engine.names import NAME_RULE
from flagstone.scaffolding.models import ScaffoldRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(request_run) -> ScaffoldRun:
    made = request_run()
    pipeline.execute(made.pk)
    made.refresh_from_db()
    return made


def test_scaffolds_are_listed_with_how_often_they_were_used(request_run):
    (unused,) = selectors.list_scaffolds()
    assert (unused.runs, unused.services, unused.last_used_at) == (0, 0, None)
    first, second = request_run(name="one"), request_run(name="two")
    ScaffoldRun.objects.filter(pk=first.pk).update(state="merged")
    (used,) = selectors.list_scaffolds()
    assert (used.scaffold.id, used.runs, used.services) == ("tiny-api", 2, 1)
    assert used.last_used_at == second.created_at


def test_a_run_is_shown_with_its_steps_and_its_log(run, settings):
    detail = selectors.run_detail(run.pk)
    assert (detail.run, detail.is_over) == (run, False)
    assert [(step.key, step.state) for step in detail.steps][:2] == [
        ("render", "succeeded"),
        ("check", "succeeded"),
    ]
    assert [line.step.key for line in detail.lines] == [
        "render",
        "check",
        "repository",
        "pull_request",
    ]
    assert detail.last_line == detail.lines[-1].pk
    assert [(link.title, link.url, link.entity_ref) for link in detail.links] == [
        ("The pull request", f"{settings.FLAGSTONE_URL}/pulls/{run.pull_request.pk}", ""),
        ("In the catalogue", "", "component:default/checkout"),
    ]
    assert detail.texts == []


def test_a_log_is_read_on_from_a_number(run):
    all_lines = selectors.log_lines(run)
    third = all_lines[2].pk
    detail = selectors.run_detail(run.pk, after=third)
    assert [line.pk for line in detail.lines] == [line.pk for line in all_lines[3:]]
    assert selectors.run_detail(run.pk, after=all_lines[-1].pk).last_line == all_lines[-1].pk
    assert selectors.run_detail(run.pk, after=all_lines[-1].pk).lines == []


def test_a_run_outlives_its_scaffold(run, scaffolds):
    import shutil

    shutil.rmtree(scaffolds / "tiny-api")
    detail = selectors.run_detail(run.pk)
    assert (detail.run, detail.links) == (run, [])


def test_an_unknown_run(db):
    with pytest.raises(NotFound) as caught:
        selectors.run_detail(uuid.uuid4())
    assert caught.value.code == "scaffold.run_not_found"


def test_runs_are_listed_the_newest_first(request_run, django_assert_num_queries):
    first, second = request_run(name="one"), request_run(name="two")
    with django_assert_num_queries(1):
        listed = [
            (run.pk, run.requested_by.username, run.job.state) for run in selectors.list_runs()
        ]
    assert listed == [(second.pk, "mia", "queued"), (first.pk, "mia", "queued")]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("checkout", ""),
        ("quote", "acme/gitops has a folder services/quote"),
        ("Quote", NAME_RULE),
        ("../quote", NAME_RULE),
    ],
)
def test_a_name_is_looked_at_while_it_is_typed(gitops, name, problem):
    assert selectors.name_problem(name) == problem


def test_what_a_service_was_made_from(run, lead):
    assert selectors.provenance_of("component:default/checkout") is None
    forge_actions.merge_pull_request(actor=lead, pull_request=run.pull_request)
    pipeline.execute(run.pk)
    found = selectors.provenance_of("Component:default/Checkout")
    assert found is not None
    assert (found.run, found.scaffold_id) == (run, "tiny-api")
