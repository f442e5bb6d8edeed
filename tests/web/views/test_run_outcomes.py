"""What a template of Backstage says with its own `output`, on the page of its run and by the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.forge.actions import close_pull_request, merge_pull_request
from flagstone.forge.models import Repository
from flagstone.scaffolding import actions, pipeline
from flagstone.scaffolding.models import RunState, ScaffoldRun
from flagstone.scorecards.models import Evaluation, EvaluationState

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = """\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: node, title: Node}
spec:
  type: service
  parameters:
    - properties:
        name: {type: string}
      required: [name]
  steps:
    - id: fetch
      action: fetch:template
      input: {url: ./skeleton, values: {name: "${{ parameters.name }}"}}
    - id: spell
      action: roadiehq:utils:serialize:json
      input: {data: {name: "${{ parameters.name }}"}}
"""
PUBLISH = """\
    - id: publish
      action: publish:github
      input: {repoUrl: "local?owner=acme&repo=${{ parameters.name }}"}
"""
REGISTER = """\
    - id: register
      action: catalog:register
      input:
        repoContentsUrl: ${{ steps.publish.output.repoContentsUrl }}
        catalogInfoPath: /catalog-info.yaml
"""
PULL_REQUEST = """\
    - id: pr
      action: publish:github:pull-request
      input: {repoUrl: "local?owner=acme&repo=gitops", title: Add it, targetPath: "new/${{ parameters.name }}"}
"""
LINKS = """\
  output:
    links:
      - {title: Dashboard, url: "https://grafana.example.com/d/${{ parameters.name }}"}
      - {title: The catalogue, url: /catalog}
      - {title: Nowhere, url: /catalog-import}
      - {title: Elsewhere, url: //evil.example.com}
      - {title: A trick, url: "javascript:alert(1)"}
      - {if: "${{ parameters.name === 'other' }}", title: For others, url: "https://example.com/others"}
"""
TO_REPOSITORY = """\
      - {title: Repository, url: "${{ steps.publish.output.remoteUrl }}"}
"""
TO_SERVICE = """\
      - {title: Its file, url: "${{ steps.register.output.catalogInfoUrl }}"}
      - {title: Open in catalog, icon: catalog, entityRef: "${{ steps.register.output.entityRef }}"}
"""
TEXTS = """\
    text:
      - title: What now
        content: |
          Clone **${{ parameters.name }}** <b>now</b>: `${{ steps.spell.output.serialized }}`
      - {if: "${{ parameters.name === 'other' }}", title: For others, content: Nothing}
"""
CATALOG = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: "${{ values.name }}"}
spec: {type: service, lifecycle: experimental, owner: "group:default/payments"}
"""


@pytest.fixture
def run_of(scaffolds: Path, gitops: Repository, no_broker: list[str], member: User) -> Any:
    """Have a template's run worked: `run_of(PUBLISH, LINKS, name="quotes")`."""
    folder = scaffolds / "node"

    def work(*parts: str, name: str = "quotes") -> ScaffoldRun:
        (folder / "skeleton").mkdir(parents=True, exist_ok=True)
        (folder / "skeleton" / "catalog-info.yaml").write_text(CATALOG)
        (folder / "template.yaml").write_text("".join((HEAD, *parts)))
        run = actions.request_run(actor=member, scaffold_id="node", answers={"name": name})
        return worked(run)

    return work


def worked(run: ScaffoldRun) -> ScaffoldRun:
    pipeline.execute(run.pk)
    return ScaffoldRun.objects.get(pk=run.pk)


def shown(client: Client, run: ScaffoldRun) -> tuple[dict[str, str], str]:
    """Return what is made and pointed to, with where it leads, and the page."""
    response = client.get(f"/runs/{run.pk}")
    return (
        {made.name: made.url for made in response.context["page"].made},
        response.content.decode(),
    )


def test_what_a_finished_run_points_to_is_a_link_where_it_leads_somewhere(
    signed_in: Client, run_of: Any, known_service: Any
) -> None:
    run = run_of(PUBLISH, REGISTER, LINKS, TO_REPOSITORY, TO_SERVICE, TEXTS)
    assert (run.state, run.error) == (RunState.DONE, "")
    made, page = shown(signed_in, run)
    assert made == {
        "acme/quotes": "",
        "Repository": "",
        "Its file": "/files/acme/quotes/catalog-info.yaml",
        "Open in catalog": "",
        "Dashboard": "https://grafana.example.com/d/quotes",
        "The catalogue": "/catalog",
        "Nowhere": "",
        "Elsewhere": "",
        "A trick": "",
    }
    assert str(run.outputs["publish"]["remoteUrl"]) in page
    assert "component:default/quotes · not in the catalogue" in page
    assert 'href="javascript' not in page
    known_service("quotes")
    made, _ = shown(signed_in, run)
    assert made["Open in catalog"] == "/catalog/component/default/quotes"
    assert signed_in.get(made["Its file"]).status_code == 200


def test_its_texts_are_markdown_without_anybodys_html(signed_in: Client, run_of: Any) -> None:
    _, page = shown(signed_in, run_of(PUBLISH, LINKS, TEXTS))
    assert "<h2>What now</h2>" in page
    assert "Clone <strong>quotes</strong> &lt;b&gt;now&lt;/b&gt;" in page
    assert "<code>{&quot;name&quot;: &quot;quotes&quot;}</code>" in page
    assert "For others" not in page


def test_what_an_answer_leads_to_is_shown_with_that_answer(signed_in: Client, run_of: Any) -> None:
    made, page = shown(signed_in, run_of(PUBLISH, LINKS, TEXTS, name="other"))
    assert made["For others"] == "https://example.com/others"
    assert "<h2>For others</h2>" in page


def test_texts_stay_after_the_merge(signed_in: Client, run_of: Any, lead: User) -> None:
    run = run_of(PULL_REQUEST, LINKS, TEXTS)
    assert run.state == RunState.WAITING
    assert "<h2>What now</h2>" in shown(signed_in, run)[1]
    merge_pull_request(actor=lead, pull_request=run.pull_request)
    run = worked(run)
    assert run.state == RunState.MERGED
    made, page = shown(signed_in, run)
    assert "<h2>What now</h2>" in page
    assert made["The catalogue"] == "/catalog"


def test_a_closed_run_points_to_nothing_that_was_taken_back(
    signed_in: Client, run_of: Any, lead: User
) -> None:
    run = run_of(PUBLISH, PULL_REQUEST, LINKS, TO_REPOSITORY, TEXTS)
    assert "Repository" in shown(signed_in, run)[0]
    close_pull_request(actor=lead, pull_request=run.pull_request)
    run = worked(run)
    assert run.state == RunState.CLOSED
    made, page = shown(signed_in, run)
    assert "Repository" not in made
    assert made["Dashboard"] == "https://grafana.example.com/d/quotes"
    assert "<h2>What now</h2>" in page


def test_a_poll_brings_them(signed_in: Client, run_of: Any) -> None:
    run = run_of(PUBLISH, LINKS, TEXTS)
    part = signed_in.get(f"/runs/{run.pk}/live", headers={"HX-Request": "true"}).content.decode()
    assert 'id="run-texts" hx-swap-oob="true"' in part
    assert "<h2>What now</h2>" in part


# --- how it ends


def test_a_repository_without_manifests_is_in_the_catalogue_and_waits_for_no_score(
    signed_in: Client, run_of: Any, known_service: Any
) -> None:
    run = run_of(PUBLISH, REGISTER)
    page = signed_in.get(f"/runs/{run.pk}")
    assert "quotes is made" in page.content.decode()
    assert "is merged" not in page.content.decode()
    assert "the catalogue reads it" in page.content.decode()
    assert "the scorecard looks at it" not in page.content.decode()
    assert page.context["page"].follows
    known_service("quotes")
    run = worked(run)
    page = signed_in.get(f"/runs/{run.pk}")
    assert 'href="/catalog/component/default/quotes">quotes</a> is in the catalogue' in (
        page.content.decode()
    )
    assert "It has no score" in page.content.decode()
    assert not page.context["page"].follows


def test_a_pull_request_that_registers_nothing_ends_with_its_merge(
    signed_in: Client, run_of: Any, lead: User
) -> None:
    run = run_of(PUBLISH, PULL_REQUEST)
    assert "Once it is merged the run is done." in shown(signed_in, run)[1]
    merge_pull_request(actor=lead, pull_request=run.pull_request)
    run = worked(run)
    assert (run.state, run.job.state) == (RunState.MERGED, "succeeded")
    assert run.job.steps.get(key="catalogue").state == "skipped"
    page = signed_in.get(f"/runs/{run.pk}")
    assert "It is merged." in page.content.decode()
    assert "this scaffold registers nothing" in page.content.decode()
    assert not page.context["page"].follows


def test_a_look_that_found_nothing_of_a_service_is_the_last_that_is_waited_for(
    signed_in: Client, asked_run: ScaffoldRun, lead: User, known_service: Any, gitops: Repository
) -> None:
    run = worked(asked_run)
    merge_pull_request(actor=lead, pull_request=run.pull_request)
    known_service("checkout")
    run = worked(run)
    assert signed_in.get(f"/runs/{run.pk}").context["page"].follows
    Evaluation.objects.create(
        repository=gitops, state=EvaluationState.DONE, started_at=timezone.now()
    )
    page = signed_in.get(f"/runs/{run.pk}")
    assert "It has no score" in page.content.decode()
    assert not page.context["page"].follows


def test_the_api_tells_them_too(signed_in: Client, run_of: Any) -> None:
    run = run_of(PUBLISH, REGISTER, LINKS, TO_REPOSITORY, TO_SERVICE, TEXTS)
    answer = signed_in.get(f"/api/v1/runs/{run.pk}").json()
    links = {link["title"]: (link["url"], link["entity_ref"]) for link in answer["links"]}
    assert links["Dashboard"] == ("https://grafana.example.com/d/quotes", "")
    assert links["Open in catalog"] == ("", "component:default/quotes")
    assert links["A trick"] == ("", "")
    assert [text["title"] for text in answer["texts"]] == ["What now"]
