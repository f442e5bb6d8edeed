"""Templates written for Backstage: loaded, taken step by step, and rendered again from provenance alone."""

from __future__ import annotations

import contextlib

import pytest
import yaml

from flagstone.scaffolding.engine.again import render_again
from flagstone.scaffolding.engine.outputs import output
from flagstone.scaffolding.engine.plan import render
from flagstone.scaffolding.engine.plans import PullRequestPlan, RegistrationPlan, RepositoryPlan
from flagstone.scaffolding.engine.provenance import PATH, ProvenanceRecord
from flagstone.scaffolding.errors import TemplateError
from tests.scaffolding.engine.backstage import (
    ANSWERS,
    GIVEN,
    HEAD,
    STEPS,
    foretold,
    load,
    rendered,
    with_step,
)


def test_a_template_as_backstages_own_guide_has_it(folder):
    scaffold = load(folder)
    assert (scaffold.id, scaffold.problem, scaffold.name_field) == ("nodejs-template", None, "name")
    made = rendered(scaffold)
    assert list(made.service.files) == [
        ".flagstone/provenance.yaml",
        "README.md",
        "catalog-info.yaml",
        "deploy/values.yaml",
        "docs/index.md",
        "lang/main.ts",
        "ports/0-http.txt",
        "ports/1-grpc.txt",
        "raw/ci.yaml",
    ]
    contents = made.service.contents()
    assert contents["README.md"] == b"# checkout of shop by m@example.com\n"
    assert contents["raw/ci.yaml"] == b"x: ${{ secrets.TOKEN }}\n"
    assert contents["docs/index.md"] == b"# ${{ not.rendered }}\n"
    assert contents["ports/1-grpc.txt"] == b"GRPC"
    assert contents["deploy/values.yaml"] == b"service: checkout\ntags:\n- a\n- b\n"
    assert yaml.safe_load(contents["catalog-info.yaml"])["metadata"]["name"] == "checkout"
    assert made.gitops.files == {}
    assert made.repository == RepositoryPlan(
        "publish", "shop", "This is checkout", "acme", "github.com",
        "https://github.com/acme/shop/tree/main",
    )  # fmt: skip
    assert made.pull_request is None
    assert made.registration == RegistrationPlan(
        "register", "catalog-info.yaml", "service", "component:default/checkout"
    )
    assert made.log[:2] == (
        "Hello checkout ports/1-grpc.txt",
        "The files of the workspace are listed in the preview.",
    )
    assert made.log[2].startswith("Publish: defaultBranch, repoVisibility have no effect here")


def test_answers_decide_steps_layers_and_entries(folder):
    made = rendered(load(folder), docs=False, language="js", ports=["one"])
    assert "lang/main.js" in made.service.files
    assert "ports/0-one.txt" in made.service.files
    assert not any(path.startswith("docs/") for path in made.service.files)
    assert made.skipped == ("Fetch Docs", "Rename the docs")


def test_the_version_follows_every_folder_that_an_answer_may_choose(folder):
    before = load(folder).version
    (folder / "languages" / "js" / "new").write_text("x")
    assert load(folder).version != before


def test_it_is_rendered_again_from_its_provenance_alone(folder):
    made = rendered(load(folder))
    record = ProvenanceRecord.from_json(yaml.safe_load(made.service.files[PATH].content))
    assert record == ProvenanceRecord.from_json(made.provenance.as_json())
    layers = {layer.digest: layer for layer in made.layers}

    @contextlib.contextmanager
    def opened(wanted):
        yield layers[wanted.digest]

    assert render_again(record, opened) == {"service": made.service}


def test_the_output_names_what_was_made(folder):
    scaffold = load(folder)
    links, texts = output(
        scaffold,
        ANSWERS,
        **GIVEN,
        outputs={
            "publish": {"remoteUrl": "https://x/shop.git", "commitHash": "c0ffee"},
            "register": {"entityRef": "component:default/checkout"},
        },
    )
    assert [(link.title, link.url, link.entity_ref, link.icon) for link in links] == [
        ("Repository", "https://x/shop.git", "", ""),
        ("Commit", "c0ffee", "", ""),
        ("Open in catalog", "", "component:default/checkout", "catalog"),
    ]
    assert [text.content for text in texts] == ["**checkout** by `user:default/maria`"]


def test_a_pull_request_into_a_repository_of_the_templates_choice(folder):
    steps = """
  steps:
    - id: fetch
      name: Fetch
      action: fetch:template
      input: {url: ./skeleton, targetPath: apps/new, values: {name: "${{ parameters.name }}"}}
    - id: pr
      name: Open it
      action: publish:github:pull-request
      input:
        repoUrl: ${{ parameters.repoUrl }}
        branchName: add-${{ parameters.name }}
        title: Add ${{ parameters.name }}
        description: It is new
        sourcePath: apps/new
        targetPath: services/${{ parameters.name }}
    - id: register
      name: Register
      action: catalog:register
      input: {catalogInfoPath: "services/${{ parameters.name }}/catalog-info.yaml"}
"""
    made = rendered(load(folder, steps))
    assert made.repository is None
    assert made.pull_request == PullRequestPlan(
        "pr", "Add checkout", "It is new", "acme/shop", "github.com"
    )
    assert "services/checkout/README.md" in made.gitops.files
    assert made.registration.tree == "gitops"
    moved = steps.replace("        targetPath: services/${{ parameters.name }}\n", "")
    assert "apps/new/README.md" in rendered(load(folder, moved)).gitops.files


def test_files_that_are_there_stay_unless_replace_says_so(folder):
    def steps(replace):
        return (
            with_step("action: roadiehq:utils:fs:write\ninput: {path: README.md, content: mine}")
            + f"    - {{id: t, name: T, action: 'fetch:template', input: {{url: ./skeleton, replace: {replace}}}}}\n"
            + "    - {id: p, name: P, action: 'publish:repository', input: {sourcePath: .}}\n"
        )

    assert rendered(load(folder, steps("false"))).service.files["README.md"].content == b"mine"
    replaced = rendered(load(folder, steps("true"))).service.files["README.md"].content
    assert replaced == b"#  of  by \n"


def test_secrets_are_asked_for_and_kept_nowhere(folder):
    head = HEAD.replace(
        "        docs:",
        "        password: {type: string, ui:widget: password}\n"
        "        token: {type: string, ui:field: Secret}\n        docs:",
    )
    scaffold = load(folder, head=head)
    made = render(
        scaffold, ANSWERS | {"password": "hunter2", "token": "t0ken"}, **GIVEN, foretell=foretold
    )
    assert "password" not in made.answers
    assert b"hunter2" not in b"".join(made.service.contents().values())
    steps = STEPS.replace(
        "name: ${{ parameters.name }}\n          owner",
        "name: ${{ parameters.password }}\n          owner",
    )
    with pytest.raises(
        TemplateError, match=r"'parameters\.password' is a secret: what is written here"
    ):
        load(folder, steps, head)


def test_no_expression_reaches_a_secret_however_it_is_computed(folder):
    head = HEAD.replace(
        "        docs:",
        "        token: {type: string, ui:field: Secret}\n"
        "        key: {type: string, default: token}\n        docs:",
    )
    steps = with_step(
        "action: debug:log\n"
        "input: {message: '[${{ parameters[parameters.key] }}] ${{ parameters | dump }}'}"
    )
    made = render(
        load(folder, steps, head), ANSWERS | {"token": "hunter2"}, **GIVEN, foretell=foretold
    )
    assert made.log[0].startswith("[] {")
    assert '"token":null' in made.log[0]
    assert "hunter2" not in repr(made)


# --- the templates of others


WRITTEN = """
  steps:
    - {id: one, action: "roadiehq:utils:fs:write", input: {path: out/a, content: x}}
    - {id: p, action: "publish:repository", input: {sourcePath: out}}
    - {id: late, action: "roadiehq:utils:fs:write", input: {path: out/b, content: x}}
"""


def test_files_that_no_step_publishes_are_told(folder):
    more = "".join(
        f"    - {{id: m{n}, action: 'roadiehq:utils:fs:write', input: {{path: m{n}, content: x}}}}\n"
        for n in range(5)
    )
    assert rendered(load(folder, WRITTEN)).log == ("1 file is published by no step: out/b.",)
    assert rendered(load(folder, WRITTEN + more)).log == (
        "6 files are published by no step: m0, m1, m2, m3, m4 and 1 more.",
    )
    assert rendered(load(folder, WRITTEN.partition("    - {id: late")[0])).log == ()


def test_without_a_step_that_publishes_every_file_is_told(folder):
    steps = "\n  steps:\n    - {id: one, action: 'fetch:plain', input: {url: ./docs, targetPath: service}}\n"
    assert rendered(load(folder, steps)).log == (
        "1 file is published by no step: service/index.md.",
    )


def test_the_name_of_a_step_is_rendered_where_the_answers_are_known(folder):
    steps = """
  steps:
    - id: one
      name: ${{ 'Fetch for ' + parameters.name }}
      if: ${{ false }}
      action: debug:log
      input: {message: x}
    - {id: two, name: "Try ${{ parameters.name.nothing() }}", if: false, action: debug:log}
    - {id: three, name: "${{ parameters.nothing }}", if: false, action: debug:log}
    - {id: four, name: "Make {% if parameters.docs %}it{% endif %} ${{ parameters.name }}", action: debug:log}
"""
    scaffold = load(folder, steps)
    assert [step.name_before_answers for step in scaffold.steps] == [
        "…",
        "Try …",
        "…",
        "Make …it… …",
    ]
    assert rendered(scaffold).skipped == ("Fetch for checkout", "Try …", "three")


def test_a_block_may_choose_the_layer_and_write_a_text(folder):
    steps = """
  steps:
    - id: language
      action: fetch:cookiecutter
      input:
        url: "./languages/{% if parameters.docs %}js{% else %}ts{% endif %}"
        values: {name: "{% set n = parameters.name %}${{ n }}-{% for p in parameters.ports %}${{ p }}{% endfor %}"}
    - {id: publish, action: publish:github, input: {repoUrl: "${{ parameters.repoUrl }}"}}
"""
    made = rendered(load(folder, steps))
    assert made.service.files["main.js"].content == b"checkout-httpgrpc"
