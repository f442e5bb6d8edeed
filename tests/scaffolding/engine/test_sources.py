"""A plain cookiecutter repository as scaffolds, held against the cookiecutter command."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from flagstone.core.content import content_dir
from flagstone.scaffolding.engine.layers import Origin
from flagstone.scaffolding.engine.plan import render
from flagstone.scaffolding.engine.provenance import PATH
from flagstone.scaffolding.engine.scaffold import ENVIRONMENT
from flagstone.scaffolding.engine.sources import Source, scaffolds_of
from tests.scaffolding.building import write_layer
from tests.scaffolding.engine.test_equivalence import EVERYTHING, VARIABLES, by_the_command

ORIGIN = Origin("https://git.example.com/acme/templates", "c" * 40, "python")
OURS = {"serviceName": "funds-transfer", "serviceOwner": "group:default/payments"}


def scaffolds(folder, **source):
    entry = content_dir("scaffolds") / "catalog-entry"
    return scaffolds_of(Source("demo", "A demo", folder, **source), entry=entry)


def rendered(scaffold, **answers):
    environment = dict.fromkeys(ENVIRONMENT, "") | {"serviceUrl": "https://git.example.com/a/b"}
    return render(
        scaffold,
        OURS | answers,
        user={"ref": "user:default/ada", "entity": {"metadata": {"name": "ada"}}},
        environment=environment,
        now=datetime(2026, 11, 2, tzinfo=UTC),
    )


def without_record(tree):
    return {path: file for path, file in tree.files.items() if path != PATH}


@pytest.mark.parametrize(
    ("answers", "given"),
    [
        ({}, {}),
        (
            {"name": "shop", "kind": "worker", "docs": False, "module": "other"},
            {"name": "shop", "kind": "worker", "docs": "no", "module": "other"},
        ),
        (
            {"kind": "{{ cookiecutter.name }}-kind", "port": "9"},
            {"kind": "{{ cookiecutter.name }}-kind", "port": "9"},
        ),
    ],
)
def test_the_service_is_byte_for_byte_what_the_cookiecutter_command_writes(
    tmp_path, answers, given
):
    folder = write_layer(tmp_path / "demo", EVERYTHING, VARIABLES)
    (folder / "{{cookiecutter.name}}" / "run.sh").chmod(0o755)
    (scaffold,) = scaffolds(folder)
    assert scaffold.problem is None
    ours = without_record(rendered(scaffold, **answers).service)
    assert ours == by_the_command(folder, tmp_path / "out", given)


def test_the_catalogue_reads_an_entry_of_the_new_service(tmp_path):
    (scaffold,) = scaffolds(write_layer(tmp_path / "demo", {"a": "x"}))
    made = rendered(scaffold, serviceDescription="It's:   {{ mine }} and more")
    assert list(made.gitops.files) == ["services/funds-transfer/catalog-info.yaml"]
    entry = yaml.safe_load(made.gitops.files["services/funds-transfer/catalog-info.yaml"].content)
    assert entry["metadata"]["description"] == "It's: {{ mine }} and more"
    assert entry["spec"]["owner"] == "group:default/payments"
    assert entry["metadata"]["annotations"] == {
        "backstage.io/source-location": "url:https://git.example.com/a/b"
    }
    assert made.registration.path == "services/funds-transfer/catalog-info.yaml"
    assert made.pull_request.title == "Add funds-transfer to the catalogue"


def test_what_it_was_made_from_says_where_the_template_lies(tmp_path):
    folder = tmp_path / "demo"
    write_layer(folder / "inner", {"a": "x"})
    (folder / "cookiecutter.json").write_text(
        json.dumps({"templates": {"inner": {"path": "inner"}}})
    )
    (scaffold,) = scaffolds(folder, origin=ORIGIN)
    record = yaml.safe_load(rendered(scaffold).service.files[PATH].content)
    assert record["layers"][0]["layer"] == "demo/inner"
    assert record["layers"][0]["origin"] == {
        "url": "https://git.example.com/acme/templates",
        "commit": "c" * 40,
        "directory": "python/inner",
    }
    assert "origin" not in record["layers"][1]


def test_each_nested_template_is_a_scaffold(tmp_path):
    folder = tmp_path / "demo"
    write_layer(folder / "a", {"made-by-a": "{{ cookiecutter.name }}"})
    write_layer(folder / "b", {"x": "{{ cookiecutter.name"}, {"key": []})
    (folder / "cookiecutter.json").write_text(
        json.dumps(
            {
                "templates": {
                    "The A": {"path": "a", "title": "A"},
                    "b": {"path": "b", "title": "B"},
                }
            }
        )
    )
    found = {each.id: each for each in scaffolds(folder)}
    assert {key: each.title for key, each in found.items()} == {
        "demo-the-a": "A demo: A",
        "demo-b": "A demo: B",
    }
    assert "made-by-a" in rendered(found["demo-the-a"]).service.files
    problem = str(found["demo-b"].problem)
    assert problem == "demo/b/cookiecutter.json: 'key' offers an empty list of choices"


def test_a_folder_that_is_no_template_carries_its_problem(tmp_path):
    (scaffold,) = scaffolds(tmp_path)
    assert (scaffold.id, str(scaffold.problem)) == (
        "demo",
        "demo: is not a cookiecutter template: it has no cookiecutter.json",
    )


def with_code(folder: Path) -> Path:
    write_layer(folder, {"a": "x"}, {"_extensions": ["local_extensions.Shout"]})
    (folder / "hooks").mkdir()
    (folder / "hooks" / "post_gen_project.sh").write_text("#!/bin/sh\necho made > by-hook\n")
    (folder / "local_extensions.py").write_text(
        "from cookiecutter.utils import simple_filter\n\n@simple_filter\n"
        "def Shout(value):\n    return value.upper()\n"
    )
    (folder / "{{cookiecutter.name}}" / "b").write_text("{{ 'x' | Shout }}")
    return folder


def test_code_of_its_own_stays_off_and_is_named(tmp_path):
    (scaffold,) = scaffolds(with_code(tmp_path / "demo"))
    assert scaffold.idle_code == (
        "hooks/post_gen_project.sh",
        "the extension local_extensions.Shout",
    )
    assert scaffold.needs_code


def test_code_that_is_let_runs_and_makes_another_version(tmp_path):
    folder = with_code(tmp_path / "demo")
    (idle,), (running,) = scaffolds(folder), scaffolds(folder, runs_code=True)
    assert (running.idle_code, running.needs_code) == ((), False)
    assert running.version != idle.version
    made = rendered(running)
    assert made.service.files["b"].content == b"X"
    assert made.service.files["by-hook"].content == b"made\n"
    record = yaml.safe_load(made.service.files[PATH].content)
    assert record["layers"][0]["ran_code"] is True


# --- repositories with templates written for Backstage

BACKSTAGE = """\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {{name: Upper_Name.1, title: {title}}}
spec:
  type: service
  parameters: {{properties: {{name: {{type: string}}}}}}
  steps:
    - id: fetch
      action: fetch:template
      input: {{url: {url}, values: {{name: "${{{{ parameters.name }}}}"}}}}
    - {{id: p, action: "publish:repository", input: {{sourcePath: .}}}}
"""


def written(folder: Path, title: str, url: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "template.yaml").write_text(BACKSTAGE.format(title=title, url=url))


def test_a_repository_with_a_template_yaml(tmp_path):
    written(tmp_path / "demo", "Theirs", "./skeleton")
    (tmp_path / "demo" / "skeleton").mkdir()
    (tmp_path / "demo" / "skeleton" / "a").write_text("${{ values.name }}")
    (scaffold,) = scaffolds(tmp_path / "demo", origin=ORIGIN)
    assert (scaffold.id, scaffold.title, scaffold.problem) == ("demo", "Theirs", None)
    assert scaffold.layers["fetch"].label == "demo/skeleton"
    assert scaffold.layers["fetch"].origin.directory == "python/skeleton"
    made = render(
        scaffold,
        {"name": "quotes"},
        user={"ref": "user:default/ada", "entity": {"metadata": {"name": "ada"}}},
        environment={},
        now=datetime(2026, 11, 2, tzinfo=UTC),
    )
    assert made.service.files["a"].content == b"quotes"


@pytest.mark.parametrize(
    ("own", "is_titled", "title"),
    [("Theirs", False, "Theirs"), ("Theirs", True, "A demo"), ('""', False, "A demo")],
)
def test_a_title_that_somebody_chose_wins_over_the_templates_own(tmp_path, own, is_titled, title):
    written(tmp_path / "demo" / "inner", own, "./skeleton")
    (tmp_path / "demo" / "inner" / "skeleton").mkdir()
    (scaffold,) = scaffolds(tmp_path / "demo", is_titled=is_titled)
    assert (scaffold.title, scaffold.problem) == (title, None)


def test_folders_that_come_to_one_id_are_told(tmp_path):
    for name in ("One.A", "one-a"):
        written(tmp_path / "demo" / name, f"The {name}", "../shared")
    (tmp_path / "demo" / "shared").mkdir()
    assert {each.id: str(each.problem or "") for each in scaffolds(tmp_path / "demo")} == {
        "demo-one-a": "",
        "demo-one-a-2": "demo/one-a/template.yaml: the scaffold 'demo-one-a' is defined in One.A already",
    }


def test_a_repository_with_several(tmp_path):
    for name in ("one", "Two_2"):
        written(tmp_path / "demo" / "templates" / name, f"The {name}", "../../shared")
    written(tmp_path / "demo" / "templates" / "bad", "Bad", "../../../out")
    (tmp_path / "demo" / "shared").mkdir()
    (tmp_path / "out").mkdir()
    found = {
        each.id: (each.title, str(each.problem or "")) for each in scaffolds(tmp_path / "demo")
    }
    assert found.pop("demo-bad")[1].startswith(
        "demo/templates/bad/template.yaml, line 10: url '../../../out' leads out"
    )
    assert found == {"demo-one": ("The one", ""), "demo-two-2": ("The Two_2", "")}
