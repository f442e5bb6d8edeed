"""Templates that only open a pull request: they change what is there, and make no service."""

from __future__ import annotations

import pytest

from flagstone.core.models import JobState
from flagstone.forge.actions import merge_pull_request
from flagstone.forge.models import ChangeState, PullRequest
from flagstone.forge.selectors import read_tree
from flagstone.scaffolding import actions, pipeline
from flagstone.scaffolding.collection import find_scaffold
from flagstone.scaffolding.errors import NameTaken
from flagstone.scaffolding.models import Provenance, RunState
from flagstone.scaffolding.previewing import preview

pytestmark = pytest.mark.django_db(transaction=True)

TEMPLATE = """\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: limits, title: Raise limits}
spec:
  type: service
  parameters:
    - properties:
        name: {type: string, ui:field: EntityNamePicker}
        kind: {type: string, default: Rollout}
      required: [name]
  steps:
    - id: write
      action: roadiehq:utils:fs:write
      input:
        path: services/${{ parameters.name }}/deployment.yaml
        content: |
          kind: ${{ parameters.kind }}
    - id: pr
      action: publish:github:pull-request
      input: {repoUrl: "local?owner=acme&repo=gitops", title: "Raise the limits of ${{ parameters.name }}"}
"""
REGISTER = """\
    - id: register
      action: catalog:register
      input: {catalogInfoPath: "/services/${{ parameters.name }}/catalog-info.yaml"}
"""


@pytest.fixture
def limits(scaffolds, gitops, sent):
    folder = scaffolds / "limits"
    folder.mkdir()
    (folder / "template.yaml").write_text(TEMPLATE)
    return folder / "template.yaml"


def run_with(member, **answers):
    run = actions.request_run(
        actor=member, scaffold_id="limits", answers={"name": "quote"} | answers
    )
    pipeline.execute(run.pk)
    run.refresh_from_db()
    return run


def test_a_template_decides_whether_it_makes_a_service(limits):
    assert find_scaffold("limits").is_change
    assert not find_scaffold("tiny-api").is_change
    limits.write_text(TEMPLATE + REGISTER)
    assert not find_scaffold("limits").is_change


def test_a_change_replaces_a_file_of_a_service_that_is_there(
    limits, member, lead, gitops, register_service
):
    register_service("quote")
    Provenance.objects.create(
        entity_ref="component:default/quote", scaffold_id="x", answers={}, layers=[]
    )
    found = preview(actor=member, scaffold_id="limits", answers={"name": "quote"})
    assert (found.holder, found.in_the_way(["services/quote/deployment.yaml"])) == ("", [])
    run = run_with(member)
    assert (run.state, run.error) == (RunState.WAITING, "")
    merge_pull_request(actor=lead, pull_request=run.pull_request)
    pipeline.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.job.state) == (RunState.MERGED, JobState.SUCCEEDED)
    assert read_tree(gitops).files["services/quote/deployment.yaml"] == b"kind: Rollout\n"
    assert Provenance.objects.get().scaffold_id == "x"


def test_two_changes_of_one_service_may_be_under_way(limits, member):
    first, second = run_with(member), run_with(member, kind="Job")
    assert (first.state, second.state) == (RunState.WAITING, RunState.WAITING)
    assert PullRequest.objects.count() == 2


def test_a_change_that_changes_nothing_is_done_without_a_pull_request(limits, member):
    run = run_with(member, kind="Deployment")
    assert (run.state, run.job.state) == (RunState.DONE, JobState.SUCCEEDED)
    assert run.change_request.state == ChangeState.NO_CHANGE
    assert not PullRequest.objects.exists()
    steps = {step.key: step.state for step in run.job.steps.all()}
    assert (steps["pull_request"], steps["merge"], steps["catalogue"]) == (
        "succeeded",
        "skipped",
        "skipped",
    )
    said = "acme/gitops is as this scaffold wants it already: there is nothing to change."
    assert said in [line.text for line in run.job.lines.all()]


def test_what_registers_a_service_still_writes_over_nothing(limits, member):
    limits.write_text(TEMPLATE + REGISTER)
    with pytest.raises(NameTaken, match="acme/gitops has a folder services/quote"):
        run_with(member)
