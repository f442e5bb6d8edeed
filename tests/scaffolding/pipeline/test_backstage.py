"""Runs of templates written for Backstage: a repository of its own, and no pull request to wait for."""

from __future__ import annotations

import textwrap

import pytest

from flagstone.catalog.models import Location
from flagstone.core.models import AuditEntry, JobState
from flagstone.forge.models import Repository
from flagstone.forge.selectors import read_tree
from flagstone.scaffolding import actions, pipeline
from flagstone.scaffolding.errors import NameTaken
from flagstone.scaffolding.keeping import base_of
from flagstone.scaffolding.models import Provenance, RunState
from flagstone.scaffolding.previewing import preview
from flagstone.scaffolding.surroundings import HostUnknown

pytestmark = pytest.mark.django_db(transaction=True)

TEMPLATE = """
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: node, title: Node}
spec:
  type: service
  parameters:
    - properties:
        name: {type: string}
        repoUrl: {type: string, ui:field: RepoUrlPicker}
        password: {type: string, ui:widget: password}
      required: [name, repoUrl, password]
  steps:
    - id: fetch
      action: fetch:template
      input: {url: ./skeleton, values: {name: "${{ parameters.name }}"}}
    - id: move
      action: fs:rename
      input: {files: [{from: main.txt, to: src/main.txt}]}
    - id: log
      action: debug:log
      input: {message: "Hello ${{ parameters.name }}"}
    - id: publish
      action: publish:github
      input: {repoUrl: "${{ parameters.repoUrl }}", token: "${{ secrets.TOKEN }}"}
    - id: register
      action: catalog:register
      input:
        repoContentsUrl: ${{ steps.publish.output.repoContentsUrl }}
        catalogInfoPath: /catalog-info.yaml
"""
CATALOG = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: "${{ values.name }}-service"}
spec: {type: service, lifecycle: experimental, owner: "group:default/payments"}
"""
ANSWERS = {
    "name": "quotes",
    "repoUrl": "local?owner=platform&repo=quotes-api",
    "password": "hunter2-canary",
}


@pytest.fixture
def node(scaffolds, gitops, sent):
    folder = scaffolds / "node"
    (folder / "skeleton").mkdir(parents=True)
    (folder / "template.yaml").write_text(textwrap.dedent(TEMPLATE).lstrip())
    (folder / "skeleton" / "catalog-info.yaml").write_text(CATALOG)
    (folder / "skeleton" / "main.txt").write_text("I am ${{ values.name }}\n")
    return folder


def run_with(member, **answers):
    run = actions.request_run(actor=member, scaffold_id="node", answers=ANSWERS | answers)
    pipeline.execute(run.pk)
    run.refresh_from_db()
    return run


def test_it_makes_the_repository_registers_its_file_and_is_done(node, member, register_service):
    run = run_with(member)
    assert (run.state, run.error, run.change_request) == (RunState.DONE, "", None)
    assert run.repository.full_name == "platform/quotes-api"
    files = read_tree(run.repository).files
    assert files["src/main.txt"] == b"I am quotes\n"
    location = Location.objects.get(repository=run.repository)
    assert location.path == "catalog-info.yaml"
    assert run.job.state == JobState.RUNNING
    register_service("quotes-service")
    pipeline.execute(run.pk)
    run.job.refresh_from_db()
    assert run.job.state == JobState.SUCCEEDED
    steps = {step.key: step.state for step in run.job.steps.all()}
    assert steps == {
        "render": "succeeded",
        "check": "succeeded",
        "repository": "succeeded",
        "pull_request": "skipped",
        "merge": "skipped",
        "catalogue": "succeeded",
    }
    said = [line.text for line in run.job.lines.all()]
    assert "Hello quotes" in said
    assert "This scaffold opens no pull request." in said
    assert AuditEntry.objects.filter(action="scaffolding.run_done").count() == 1


def test_its_base_is_rendered_again_from_what_was_kept(node, member):
    run = run_with(member)
    files = dict(read_tree(run.repository).files)
    provenance = Provenance.objects.get(entity_ref="component:default/quotes")
    assert [edit["rename"] for edit in provenance.edits if "rename" in edit] == ["main.txt"]
    (node / "skeleton" / "main.txt").write_text("changed since")
    assert base_of(provenance)["service"].contents() == files


def test_a_secret_is_in_no_row_and_in_no_file(node, member):
    run = run_with(member)
    assert "password" not in run.answers
    assert b"hunter2-canary" not in b"".join(read_tree(run.repository).files.values())
    rows = [run.answers, run.rendered, run.outputs, [line.text for line in run.job.lines.all()]]
    assert "hunter2-canary" not in str(rows)
    assert "hunter2-canary" not in str(list(AuditEntry.objects.values_list("data", flat=True)))


def test_a_code_host_that_is_not_configured_is_named(node, member):
    with pytest.raises(HostUnknown) as refused:
        preview(
            actor=member,
            scaffold_id="node",
            answers=ANSWERS | {"repoUrl": "github.com?owner=a&repo=quotes"},
        )
    assert refused.value.message.startswith(
        "The code host github.com is not configured here; configured: local."
    )
    run = run_with(member, repoUrl="github.com?owner=a&repo=quotes")
    assert (run.state, run.error_code) == (RunState.FAILED, "scaffold.host_unknown")
    assert Repository.objects.filter(source=run.source).count() == 0


def test_a_repository_that_is_there_is_nobodys_to_take(node, member):
    run_with(member)
    with pytest.raises(NameTaken, match="there is a repository platform/quotes-api"):
        run_with(member, name="other")


def test_a_pull_request_goes_to_a_repository_that_flagstone_knows(node, member, root):
    text = (node / "template.yaml").read_text()
    head = text[: text.index("    - id: publish")]
    publish = """\
    - id: pr
      action: publish:github:pull-request
      input: {repoUrl: "${{ parameters.repoUrl }}", title: Add it, targetPath: services/new, branchName: x}
"""
    (node / "template.yaml").write_text(head + publish)
    run = run_with(member, repoUrl="local?owner=acme&repo=gitops")
    assert (run.state, run.error) == (RunState.WAITING, "")
    assert run.pull_request.repository.full_name == "acme/gitops"
    run = run_with(member, repoUrl="local?owner=acme&repo=nowhere", name="more")
    assert (run.state, run.error_code) == (RunState.FAILED, "scaffold.repository_unknown")


def test_a_template_that_makes_nothing_is_done_at_once(node, member):
    text = (node / "template.yaml").read_text()
    (node / "template.yaml").write_text(text[: text.index("    - id: publish")])
    run = run_with(member)
    assert (run.state, run.job.state) == (RunState.DONE, JobState.SUCCEEDED)
    assert not Provenance.objects.filter(entity_ref="component:default/quotes").exists()
