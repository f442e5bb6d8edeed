"""Templates of others, and skeletons that were made for cookiecutter."""

from __future__ import annotations

import contextlib

import pytest
import yaml

from flagstone.scaffolding.engine.again import render_again
from flagstone.scaffolding.engine.outputs import output
from flagstone.scaffolding.engine.plan import render
from flagstone.scaffolding.engine.provenance import PATH, ProvenanceRecord
from flagstone.scaffolding.engine.scaffold import load_scaffold
from tests.corpora import corpus
from tests.scaffolding.building import write_layer
from tests.scaffolding.engine.backstage import (
    GIVEN,
    load,
    rendered,
)


@pytest.fixture
def others():
    return corpus("catalog") / "RoadieHQ__roadie-backstage-plugins" / "entities" / "templates"


def theirs(folder, path):
    (folder / "template.yaml").write_bytes(path.read_bytes())
    return load_scaffold(folder, root=folder.parent)


@pytest.mark.corpus
def test_the_argo_cd_template_opens_a_pull_request_with_project_and_application(folder, others):
    scaffold = theirs(folder, others / "template-argocd.yaml")
    assert (scaffold.id, scaffold.name_field) == ("argocd-create-demo", "appName")
    made = render(scaffold, {}, **GIVEN)
    assert made.service_name == "demo-app"
    assert list(made.gitops.files) == ["apps/demo-app.yaml", "projects/demo-app-project.yaml"]
    application = yaml.safe_load(made.gitops.files["apps/demo-app.yaml"].content)
    assert application["spec"]["source"] == {
        "repoURL": "https://github.com/example/demo-app",
        "targetRevision": "HEAD",
        "path": "k8s",
    }
    assert made.pull_request.title == "Add the Argo CD application demo-app"
    _, texts = output(scaffold, {"appName": "demo-app"}, **GIVEN, outputs={})
    assert "created ArgoCD application: **demo-app**" in texts[0].content


@pytest.mark.corpus
def test_the_yaml_template_makes_nothing_and_says_so(folder, others):
    scaffold = theirs(folder, others / "template-yaml.yaml")
    assert (scaffold.id, scaffold.name_field) == ("serialize-yaml-demo", "serviceName")
    made = render(scaffold, {"serviceName": "demo"}, **GIVEN)
    assert (made.repository, made.pull_request, made.service.files) == (None, None, {})
    written = {record.edit.path: record.edit.content for record in made.provenance.edits}
    assert yaml.safe_load(written["configmap.yaml"])["metadata"]["name"] == "demo-config"
    assert yaml.safe_load(written["values.yaml"])["service"] == {
        "name": "demo-config",
        "port": "8080",
        "version": "1.0.0",
    }
    assert made.skipped == ("Custom YAML Serialization",)


def test_a_cookiecutter_skeleton_without_settings_asks_for_what_it_is_given(folder):
    top = folder / "cutter" / "{{cookiecutter.name}}"
    top.mkdir(parents=True)
    (top / "a.txt").write_text("{{ cookiecutter.name }} {{ cookiecutter.tags | join('+') }}")
    (top / "raw.txt").write_text("{{ keep }}")
    steps = """
  steps:
    - id: fetch
      action: fetch:cookiecutter
      input:
        url: ./cutter
        copyWithoutRender: [raw.txt]
        values: {name: "${{ parameters.name }}", tags: "${{ parameters.ports }}"}
    - {id: p, action: "publish:repository", input: {sourcePath: .}}
"""
    made = rendered(load(folder, steps))
    assert made.service.files["a.txt"].content == b"checkout http+grpc"
    assert made.service.files["raw.txt"].content == b"{{ keep }}"
    record = ProvenanceRecord.from_json(yaml.safe_load(made.service.files[PATH].content))
    layers = {layer.digest: layer for layer in made.layers}

    @contextlib.contextmanager
    def opened(wanted):
        yield layers[wanted.digest]

    assert render_again(record, opened) == {"service": made.service}


def test_a_value_that_cookiecutter_json_does_not_name_is_merged_into_it_as_data(folder):
    write_layer(
        folder / "cutter",
        {
            "a.txt": "{{ cookiecutter.name }} {{ cookiecutter.tags | join('+') }} {{ cookiecutter.size }}"
        },
        {"size": "{{ cookiecutter.name | length }}"},
    )
    steps = """
  steps:
    - id: fetch
      action: fetch:cookiecutter
      input:
        url: ./cutter
        values: {name: "${{ parameters.name }}", tags: "${{ parameters.ports }}", left: "${{ parameters.owner }}"}
    - {id: p, action: "publish:repository", input: {sourcePath: .}}
"""
    made = rendered(load(folder, steps), ports=["{{ cookiecutter.name }}", "b"])
    assert made.service.files["a.txt"].content == b"checkout {{ cookiecutter.name }}+b 8"
    record = ProvenanceRecord.from_json(yaml.safe_load(made.service.files[PATH].content))
    assert record.layers[0].variables == {
        "name": "checkout",
        "size": "8",
        "tags": ["{{ cookiecutter.name }}", "b"],
        "left": "group:default/payments",
    }
    layers = {layer.digest: layer for layer in made.layers}

    @contextlib.contextmanager
    def opened(wanted):
        yield layers[wanted.digest]

    assert render_again(record, opened) == {"service": made.service}
