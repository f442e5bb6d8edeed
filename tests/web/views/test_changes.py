"""Templates that change what is there, from the form to the end of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from flagstone.forge.models import Repository
from flagstone.scaffolding import pipeline
from flagstone.scaffolding.models import ScaffoldRun
from tests.scaffolding.pipeline.test_changes import TEMPLATE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _limits(scaffolds: Path, gitops: Repository, no_broker: list[str]) -> None:
    (scaffolds / "limits").mkdir()
    (scaffolds / "limits" / "template.yaml").write_text(TEMPLATE)


def previewed(client: Client, kind: str) -> Any:
    """Return the page of a preview."""
    answers = {"answer.name": "quote", "answer.kind": kind}
    return client.get(client.post("/new/limits/preview", answers).headers["Location"])


def created(client: Client, kind: str) -> str:
    """Run it to its end, and return the page of the run."""
    client.post("/new/limits/create", {"answer.name": "quote", "answer.kind": kind})
    run = ScaffoldRun.objects.get()
    pipeline.execute(run.pk)
    return client.get(f"/runs/{run.pk}").content.decode()


def test_the_name_of_what_is_changed_is_not_taken(signed_in: Client) -> None:
    said = signed_in.post("/new/limits/check?field=name", {"answer.name": "quote"})
    assert said.content.decode().strip() == ""
    assert "<h1>Change</h1>" in signed_in.get("/new/limits").content.decode()


def test_the_preview_shows_what_changes_and_lets_it_be_proposed(signed_in: Client) -> None:
    response = previewed(signed_in, "Rollout")
    page = response.content.decode()
    assert response.context["verdict"].obstacle == ""
    assert [line.text for line in response.context["file"].diff.hunks[0].lines] == [
        "kind: Deployment",
        "kind: Rollout",
    ]
    assert "It cannot be created like this" not in page
    assert "Propose the change" in page
    assert "The pull request waits" not in page
    assert "Once it is merged the run is done." in created(signed_in, "Rollout")


def test_a_change_that_changes_nothing_says_so(signed_in: Client) -> None:
    assert "It changes nothing" in previewed(signed_in, "Deployment").content.decode()
    assert "There was nothing to change: acme/gitops" in created(signed_in, "Deployment")


def test_the_api_says_that_it_can_be_made(signed_in: Client) -> None:
    answer = signed_in.post(
        "/api/v1/runs/preview",
        {"scaffold": "limits", "answers": {"name": "quote"}},
        content_type="application/json",
    )
    assert answer.status_code == 200
    assert (answer.json()["can_be_created"], answer.json()["changes"]) == (
        True,
        {"services/quote/deployment.yaml": "modified"},
    )
