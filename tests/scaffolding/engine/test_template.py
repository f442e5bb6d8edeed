from __future__ import annotations

import textwrap

import pytest

from flagstone.scaffolding.engine.template import OutputLink, parse_template
from flagstone.scaffolding.errors import TemplateError
from tests.scaffolding.building import SERVICE_TEMPLATE


def parse(text: str):
    return parse_template(textwrap.dedent(text).lstrip().encode(), label="x/template.yaml")


def test_a_template_is_read_whole():
    template = parse(SERVICE_TEMPLATE)
    assert (template.name, template.title, template.owner, template.type, template.tags) == (
        "tiny-api",
        "Tiny API",
        "group:default/platform",
        "service",
        ("tiny",),
    )
    assert [page.title for page in template.pages] == ["The service"]
    assert [(step.id, step.action, step.condition) for step in template.steps] == [
        ("service", "fetch:cookiecutter", True),
        ("gitops", "fetch:cookiecutter", True),
        ("publish", "publish:repository", True),
        ("pull-request", "publish:gitops:pull-request", True),
        ("register", "catalog:register", True),
    ]
    assert template.output.links[1] == OutputLink(
        "In the catalogue", entity_ref="component:default/${{ parameters.name }}"
    )
    assert {lookup.name for lookup in template.lookups} == {
        "parameters.name",
        "parameters.description",
        "parameters.replicas",
        "steps.pull-request.output.remoteUrl",
    }


def test_a_title_shows_what_would_hide_or_turn_it():
    text = SERVICE_TEMPLATE.replace("title: Tiny API", 'title: "Tiny \\u202eIPA"')
    assert parse(text).title == "Tiny \u27e8U+202E\u27e9IPA"


HEAD = """
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: tiny}
spec:
  type: service
"""
STEP = HEAD + "  steps:\n    - "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1", "line 1: the document lacks 'apiVersion'"),
        ("[]", "line 1: the document must be a mapping"),
        ("", "line 1: the document lacks 'apiVersion'"),
        (
            "apiVersion: v1\nkind: Template",
            "line 1: apiVersion must be scaffolder.backstage.io/v1beta3, not 'v1'",
        ),
        (
            "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Component",
            "line 2: kind must be Template",
        ),
        (HEAD, "line 4: spec lacks 'steps'"),
        (
            STEP + "{id: a, action: 'http:backstage:request'}\n",
            "line 7: step 'a' uses the action 'http:backstage:request', which Flagstone does not know",
        ),
        (
            STEP + "id: a\n      loop: [1]\n      action: catalog:register\n",
            "line 8: a step has no 'loop'; it has action, each, id, if, input, name",
        ),
        (
            STEP + "action: fetch:cookiecutter\n      input: {targetPath: ./service}\n",
            "line 8: spec.steps.0.input lacks 'url'",
        ),
        (
            STEP + "action: catalog:register\n      input:\n        nothing: true\n",
            "line 9: catalog:register has no input 'nothing'; it has catalogInfoPath, catalogInfoUrl, repo",
        ),
        (
            STEP + "{id: a, action: catalog:register}\n    - {id: a, action: catalog:register}\n",
            "line 8: there are two steps with the id 'a'",
        ),
        (
            STEP + "id: a\n      action: catalog:register\n      if: ${{ 1 + }}\n",
            "line 9: '${{ 1 + }}' is not an expression: unexpected 'end of print",
        ),
        (
            STEP + "action: publish:repository\n      input:\n        description: ${{ x.y() }}\n",
            "line 9: a call is not allowed inside ${{ }}",
        ),
        (HEAD + "  steps: nothing\n", "line 6: spec.steps must be a list"),
        (
            HEAD + "  steps: []\n  output:\n    links:\n      - {title: a, url: '${{ open( }}'}\n",
            "line 9: '${{ open( }}' is not an expression",
        ),
    ],
)
def test_a_malformed_template_names_file_line_and_reason(text, message):
    with pytest.raises(TemplateError) as caught:
        parse(text)
    assert caught.value.message.startswith(f"x/template.yaml, {message}")
