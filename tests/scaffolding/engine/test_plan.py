from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml

from flagstone.scaffolding.engine.jobs import LayerJob
from flagstone.scaffolding.engine.outputs import Link, output
from flagstone.scaffolding.engine.plan import render
from flagstone.scaffolding.engine.plans import PullRequestPlan, RegistrationPlan, RepositoryPlan
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scaffolding.engine.scaffold import load_scaffold
from flagstone.scaffolding.errors import AnswersInvalid, TemplateError
from tests.scaffolding.building import SERVICE_TEMPLATE, write_scaffolds

GIVEN = {
    "user": {"ref": "user:default/maria", "entity": {"metadata": {"name": "maria"}}},
    "environment": {"gitopsUrl": "https://git.example.com/gitops.git"},
    "now": datetime(2026, 11, 23, 12, tzinfo=UTC),
}


@pytest.fixture
def load(tmp_path):
    def load(template: str = SERVICE_TEMPLATE):
        root = write_scaffolds(tmp_path / "scaffolds", template)
        return load_scaffold(root / "tiny-api", root=root)

    return load


def test_both_trees_and_every_plan(load):
    rendered = render(load(), {"name": "checkout", "description": "Sells {{ things }}"}, **GIVEN)
    assert rendered.service_name == "checkout"
    assert sorted(rendered.service.files) == [".flagstone/provenance.yaml", "README.md", "run.sh"]
    assert rendered.service.files["README.md"].content == b"# checkout\n\nSells {{ things }}\n"
    assert rendered.service.files["run.sh"].executable
    assert sorted(rendered.gitops.files) == [
        "apps/checkout.yaml",
        "services/checkout/catalog-info.yaml",
        "services/checkout/deployment.yaml",
    ]
    assert rendered.repository == RepositoryPlan(
        "publish",
        "checkout",
        "Sells {{ things }}",
        contents_url="https://code-host.invalid/checkout",
    )
    assert rendered.pull_request == PullRequestPlan(
        "pull-request", "Add checkout", "Sells {{ things }}"
    )
    assert rendered.registration == RegistrationPlan(
        "register",
        "services/checkout/catalog-info.yaml",
        "gitops",
        "component:default/checkout",
    )
    assert rendered.skipped == ()


@pytest.mark.parametrize(
    "text",
    ["${{ parameters.name }}", "{{ 7*7 }}", "{% raw %}", "x: y", "- a", '"', "'", "#", "&a", "*a"],
)
def test_an_answer_is_data_in_every_place_that_it_reaches(load, text):
    rendered = render(load(), {"name": "checkout", "description": text}, **GIVEN)
    assert rendered.service.files["README.md"].content == f"# checkout\n\n{text}\n".encode()
    assert rendered.repository is not None
    assert rendered.repository.description == text
    provenance = yaml.safe_load(rendered.service.files[".flagstone/provenance.yaml"].content)
    assert provenance["answers"]["description"] == text


def test_answers_are_checked_before_anything_is_rendered(load):
    with pytest.raises(AnswersInvalid):
        render(load(), {"name": "../x"}, **GIVEN)


def test_provenance_alone_renders_the_very_same_tree(load):
    scaffold = load()
    rendered = render(scaffold, {"name": "checkout", "replicas": 5}, **GIVEN)
    record = rendered.provenance
    assert (record.scaffold, record.version) == ("tiny-api", scaffold.version)
    assert record.answers == {"name": "checkout", "description": "It says hello", "replicas": 5}
    assert [(layer.label, layer.target, dict(layer.variables)) for layer in record.layers] == [
        ("tiny-api/service", "service", {"name": "checkout", "description": "It says hello"}),
        ("paved", "gitops", {"name": "checkout", "replicas": "5"}),
    ]
    folders = {layer.label: layer.folder for layer in scaffold.layers.values()}
    again = render_layers([LayerJob(folders[r.label], r.variables) for r in record.layers])
    assert again[0].tree.overlaid(rendered.service) == rendered.service
    assert again[1].tree == rendered.gitops


def test_a_step_whose_condition_is_false_is_left_out(load):
    template = SERVICE_TEMPLATE.replace(
        "action: publish:repository",
        "action: publish:repository\n          if: ${{ parameters.replicas > 2 }}",
    )
    rendered = render(load(template), {"name": "checkout"}, **GIVEN)
    assert rendered.repository is None
    assert rendered.skipped == ("Make the repository",)


def test_a_question_left_open_gives_no_value(load):
    template = SERVICE_TEMPLATE.replace("              default: 2\n", "")
    rendered = render(load(template), {"name": "checkout"}, **GIVEN)
    assert b"replicas: 1\n" in rendered.gitops.files["services/checkout/deployment.yaml"].content


def test_layers_that_are_read_already_are_not_read_again(load):
    def never(place, url, kind):
        raise AssertionError(f"{url} is read once more")

    scaffold = replace(load(), find=never)
    rendered = render(scaffold, {"name": "checkout"}, **GIVEN)
    assert rendered.layers == tuple(scaffold.layers.values())


def test_user_environment_and_date_can_be_used(load):
    template = SERVICE_TEMPLATE.replace(
        "description: ${{ parameters.description }}\n        - id: pull",
        "description: ${{ user.ref }} ${{ environment.parameters.gitopsUrl }} ${{ now }}\n        - id: pull",
    )
    repository = render(load(template), {"name": "checkout"}, **GIVEN).repository
    assert repository is not None
    assert repository.description == (
        "user:default/maria https://git.example.com/gitops.git 2026-11-23"
    )


def test_an_expression_that_fails_names_its_line(load):
    template = SERVICE_TEMPLATE.replace(
        "title: Add ${{ parameters.name }}", "title: ${{ parameters.name + 1 }}"
    )
    with pytest.raises(TemplateError) as caught:
        render(load(template), {"name": "checkout"}, **GIVEN)
    assert caught.value.message.startswith("tiny-api/template.yaml, line 57: ")


def test_a_broken_scaffold_is_not_rendered(tmp_path):
    from flagstone.scaffolding.engine.scaffold import load_scaffolds

    root = write_scaffolds(tmp_path / "s", SERVICE_TEMPLATE.replace("kind: Template", "kind: X"))
    (broken,) = load_scaffolds(root)
    with pytest.raises(TemplateError, match="kind must be Template"):
        render(broken, {"name": "checkout"}, **GIVEN)


def test_the_output_shows_what_the_steps_made(load):
    scaffold = load()
    answers = {"name": "checkout"}
    outputs = {"pull-request": {"remoteUrl": "https://x/pull/1"}}
    links, texts = output(scaffold, answers, **GIVEN, outputs=outputs)
    assert links == [
        Link("The pull request", "https://x/pull/1", "", ""),
        Link("In the catalogue", "", "component:default/checkout", ""),
    ]
    assert texts == []
    links, _ = output(scaffold, answers, **GIVEN, outputs={})
    assert [link.title for link in links] == ["In the catalogue"]
