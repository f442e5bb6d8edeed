from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.scaffolding.engine.scaffold import load_scaffold, load_scaffolds
from flagstone.scaffolding.errors import TemplateError
from tests.scaffolding.building import SERVICE_TEMPLATE, TOP, write_scaffolds


def test_a_scaffold_is_read_with_its_layers(tmp_path):
    root = write_scaffolds(tmp_path / "scaffolds")
    (scaffold,) = load_scaffolds(root)
    assert (scaffold.id, scaffold.title, scaffold.problem) == ("tiny-api", "Tiny API", None)
    assert {step: layer.label for step, layer in scaffold.layers.items()} == {
        "service": "tiny-api/service",
        "gitops": "paved",
    }
    assert [f.name for f in scaffold.form.fields] == ["name", "description", "replicas"]
    assert scaffold.name_field == "name"


def test_the_version_follows_template_and_layers(tmp_path):
    root = write_scaffolds(tmp_path / "scaffolds")
    before = load_scaffold(root / "tiny-api", root=root).version
    (root / "paved" / TOP / "new").write_text("x")
    after = load_scaffold(root / "tiny-api", root=root).version
    (root / "tiny-api" / "template.yaml").write_text(
        (root / "tiny-api" / "template.yaml").read_text() + "# a word\n"
    )
    last = load_scaffold(root / "tiny-api", root=root).version
    assert len({before, after, last}) == 3
    assert len(before) == 12


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "url: ./service",
            "url: https://x/y.git",
            "url must name a folder beside the template",
        ),
        (
            "url: ./service",
            "url: ./gone/${{ parameters.name }}",
            "url './gone' names a folder that is not there",
        ),
        (
            "url: ./service",
            "url: ../../elsewhere",
            "url '../../elsewhere' leads out of the scaffolds' folder",
        ),
        ("url: ./service", "url: ../.", "url '../.' leads out of the scaffolds' folder"),
        ("url: ./service", "url: /etc", "url '/etc' leads out of the scaffolds' folder"),
        ("url: ./service", "url: ./gone", "url './gone' names a folder that is not there"),
        (
            "targetPath: ./service",
            "targetPath: ../x",
            "targetPath '../x' has the part '..'",
        ),
        (
            "${{ parameters.replicas }}",
            "${{ parameters.copies }}",
            "'parameters.copies' does not exist here",
        ),
        (
            "${{ parameters.replicas }}",
            "${{ user.password }}",
            "'user.password' does not exist here",
        ),
        (
            "${{ parameters.replicas }}",
            "${{ environment.parameters.secretKey }}",
            "'environment.parameters.secretKey' does not exist here",
        ),
        (
            "${{ parameters.replicas }}",
            "${{ secrets.token }}",
            "'secrets.token' is a secret",
        ),
        (
            "${{ parameters.replicas }}",
            "${{ steps.publish.output.remoteUrl }}",
            "'steps.publish.output.remoteUrl' does not exist here",
        ),
        (
            "output.remoteUrl",
            "output.nothing",
            "'steps.pull-request.output.nothing' does not exist here",
        ),
        ("name: tiny-api", "name: tiny/api", "metadata.name: use letters and digits, with '-'"),
        ("name: tiny-api", "name: " + "a" * 64, "metadata.name: use letters and digits, with '-'"),
        (
            "${{ parameters.replicas }}",
            "${{ each.value }}",
            "'each.value' does not exist here",
        ),
    ],
)
def test_what_cannot_work_is_found_when_it_is_loaded(tmp_path, old, new, message):
    root = write_scaffolds(tmp_path / "scaffolds", SERVICE_TEMPLATE.replace(old, new, 1))
    with pytest.raises(TemplateError) as caught:
        load_scaffold(root / "tiny-api", root=root)
    text = (root / "tiny-api" / "template.yaml").read_text()
    line = text[: text.rindex(new)].count("\n") + 1
    assert caught.value.message.startswith(f"tiny-api/template.yaml, line {line}: {message}")
    (listed,) = load_scaffolds(root)
    assert listed.problem is not None
    assert listed.problem.message == caught.value.message
    assert listed.id == "tiny-api"


def test_one_broken_scaffold_does_not_hide_the_others(tmp_path):
    root = write_scaffolds(tmp_path / "scaffolds")
    (root / "broken").mkdir()
    (root / "broken" / "template.yaml").write_text("apiVersion: x\n")
    assert [(s.id, s.problem is None) for s in load_scaffolds(root)] == [
        ("broken", False),
        ("tiny-api", True),
    ]


def test_two_scaffolds_with_one_name(tmp_path):
    root = write_scaffolds(tmp_path / "scaffolds")
    (root / "zcopy" / "service").mkdir(parents=True)
    text = (
        (root / "tiny-api" / "template.yaml")
        .read_text()
        .replace("./service\n", "../tiny-api/service\n", 1)
    )
    (root / "zcopy" / "template.yaml").write_text(text)
    first, second = load_scaffolds(root)
    assert (first.id, first.problem) == ("tiny-api", None)
    assert second.problem is not None
    assert second.problem.message == (
        "zcopy/template.yaml: the scaffold 'tiny-api' is defined in tiny-api already"
    )


@pytest.mark.parametrize(
    ("name", "scaffold_id"),
    [("t2", "t2"), ("My_Template.v2", "my-template-v2"), ("9-lives", "9-lives"), ("a--b", "a-b")],
)
def test_a_name_as_backstage_allows_it_comes_to_an_id_for_addresses(tmp_path, name, scaffold_id):
    text = SERVICE_TEMPLATE.replace("name: tiny-api", f"name: {name}", 1)
    (scaffold,) = load_scaffolds(write_scaffolds(tmp_path / "scaffolds", text))
    assert (scaffold.id, scaffold.problem) == (scaffold_id, None)


def test_names_that_come_to_one_id_are_told_and_take_no_place(tmp_path):
    root = write_scaffolds(tmp_path / "scaffolds")
    text = (root / "tiny-api" / "template.yaml").read_text()
    for folder, name in (("Tiny.API-2", "elsewhere"), ("ztwo", "Tiny.API"), ("zz", "tiny_api")):
        (root / folder / "service").mkdir(parents=True)
        own = text.replace("./service\n", "../tiny-api/service\n", 1).replace("tiny-api", name, 1)
        (root / folder / "template.yaml").write_text(own)
    (root / "Tiny.API-2" / "template.yaml").write_text("kind: x\n")
    found = {each.id: str(each.problem or "") for each in load_scaffolds(root)}
    assert found.pop("tiny-api-2").startswith("Tiny.API-2/template.yaml, line 1: ")
    assert found == {
        "tiny-api": "",
        "tiny-api-3": "ztwo/template.yaml: the scaffold 'tiny-api' is defined in tiny-api already",
        "tiny-api-4": "zz/template.yaml: the scaffold 'tiny-api' is defined in tiny-api already",
    }


def test_the_scaffolds_that_ship_load():
    root = Path(__file__).resolve().parents[3] / "scaffolds"
    problems = {scaffold.id: scaffold.problem for scaffold in load_scaffolds(root)}
    assert "python-api" in problems
    assert set(problems.values()) == {None}
