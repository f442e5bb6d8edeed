"""A template that asks for its repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from flagstone.accounts.models import User
from flagstone.forge.models import Repository
from flagstone.scaffolding.models import ScaffoldRun
from tests.web.views.previewing import page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def node(scaffolds: Path, gitops: Repository) -> Path:
    folder = scaffolds / "node"
    (folder / "skeleton").mkdir(parents=True)
    (folder / "skeleton" / "main.txt").write_text("I am ${{ values.name }}\n")
    (folder / "template.yaml").write_text(
        """\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: node, title: Node}
spec:
  type: service
  parameters:
    - title: Where
      properties:
        repoUrl: {title: Where, type: string, ui:field: RepoUrlPicker}
        password: {title: Password, type: string, ui:widget: password}
        fixed: {type: string, default: set, ui:widget: hidden}
        more: {title: More, type: boolean}
      required: [repoUrl, password]
      allOf:
        - if: {properties: {more: {not: {const: true}}}}
          then: {properties: {less: {title: Less, type: string}}}
  steps:
    - {id: fetch, action: "fetch:template", input: {url: ./skeleton, values: {name: "${{ parameters.fixed }}"}}}
    - {id: log, action: "debug:log", input: {message: "Hello ${{ parameters.fixed }}"}}
    - {id: publish, action: "publish:github", input: {repoUrl: "${{ parameters.repoUrl }}"}}
"""
    )
    return folder


def test_a_repository_is_asked_for_in_three_fields(signed_in: Client, node: Path) -> None:
    page = page_of(signed_in.get("/new/node"))
    assert page.count('name="answer.repoUrl"') == 3
    assert '<option value="local">local</option>' in page
    assert 'type="password"' in page
    assert '<input type="hidden" name="answer.fixed" value="set">' in page
    assert "[[&quot;answer.more&quot;, [&quot;true&quot;], true]]" in page


@pytest.mark.parametrize(
    ("allowed", "is_told"),
    [("[github.com, gitlab.com]", True), ("[github.com, LOCAL]", False), ("[]", False)],
)
def test_a_template_for_code_hosts_that_are_not_here_says_so_at_once(
    signed_in: Client, node: Path, allowed: str, is_told: bool
) -> None:
    template = node / "template.yaml"
    wish = f"RepoUrlPicker, ui:options: {{allowedHosts: {allowed}}}}}"
    template.write_text(template.read_text().replace("RepoUrlPicker}", wish))
    page = page_of(signed_in.get("/new/node"))
    told = (
        "The template allows github.com or gitlab.com only, and that is no code host of this Flagstone, which has "
        "local. The platform team can add it; until then no repository can be named here."
    )
    assert (told in page) is is_told
    assert ('<option value="local">local</option>' in page) is not is_told


def test_a_template_of_backstage_is_previewed_and_created(
    signed_in: Client, node: Path, member: User
) -> None:
    answers = {
        "answer.repoUrl": ["local", "platform", "quotes"],
        "answer.password": "hunter2-canary",
        "answer.fixed": "set",
    }
    response = signed_in.post("/new/node/preview", answers)
    assert response.status_code == 302, page_of(response)
    page = page_of(signed_in.get(response.headers["Location"]))
    assert "I am set" in page
    assert "platform/quotes" in page
    assert "Hello set" in page
    assert "hunter2" not in page
    answers.pop("answer.password")
    response = signed_in.post("/new/node/create", answers)
    run = ScaffoldRun.objects.get()
    assert response.headers["Location"] == f"/runs/{run.pk}"
    assert run.service_name == "quotes"
    assert run.answers == {
        "repoUrl": "local?owner=platform&repo=quotes",
        "fixed": "set",
        "more": False,
    }


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (["local", "", ""], "is needed"),
        (["local", "", "quotes"], "needs a code host, an owner and a name"),
        (["local", "../x", "quotes"], "has an owner that cannot be"),
        (["local", "platform", "Not A Name"], "has a name that cannot be"),
        (["github.com", "a", "quotes"], "The code host github.com is not configured here"),
    ],
)
def test_a_repository_that_cannot_be_says_why(
    signed_in: Client, node: Path, parts: list[str], sentence: str
) -> None:
    answers = {"answer.repoUrl": parts, "answer.password": "x"}
    page = page_of(signed_in.post("/new/node/preview", answers))
    assert sentence in page.replace("Is needed", "is needed").replace("Needs", "needs").replace(
        "Has", "has"
    )


def test_a_repository_name_that_is_taken_is_told_at_once(signed_in: Client, node: Path) -> None:
    answers = {"answer.repoUrl": ["local", "acme", "gitops"]}
    said = page_of(signed_in.post("/new/node/check?field=repoUrl", answers))
    assert "gitops" in said


@pytest.mark.parametrize("role", ["gitops", "service"])
def test_a_file_that_is_there_is_shown_with_what_would_change(
    signed_in: Client, node: Path, gitops: Repository, settings: Any, role: str, member: User
) -> None:
    from flagstone.forge import pipeline
    from tests.forge.repositories import make_repository

    make_repository(
        Path(settings.FLAGSTONE_LOCAL_HOST_ROOT),
        {"services/new/main.txt": "I was here\n"},
        full_name="acme/other",
    )
    other = pipeline.register_existing(
        requested_by=member, host=gitops.host, full_name="acme/other"
    )
    Repository.objects.filter(pk=other.pk).update(role=role)
    text = (node / "template.yaml").read_text()
    publish = (
        '    - {id: pr, action: "publish:github:pull-request", input: '
        '{repoUrl: "${{ parameters.repoUrl }}", title: Add it, targetPath: services/new}}\n'
    )
    if role == "gitops":  # and makes a service, which writes over nothing
        publish += '    - {id: register, action: "catalog:register"}\n'
    (node / "template.yaml").write_text(text[: text.index("    - {id: publish")] + publish)
    answers = {
        "answer.repoUrl": ["local", "acme", "other"],
        "answer.password": "x",
        "answer.fixed": "set",
    }

    response = signed_in.post("/new/node/preview", answers)
    assert response.status_code == 302, page_of(response)
    page = page_of(signed_in.get(response.headers["Location"]))

    assert ("It is there already" if role == "gitops" else "What changes:") in page
    assert "I was here" in page
    assert "I am set" in page
    assert ("Files of that name are there already" in page) is (role == "gitops")
