"""Answers that somebody gave are not asked for twice: on the way back, and after a run that failed."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from flagstone.accounts.models import User
from flagstone.forge.models import Repository
from flagstone.scaffolding import actions, pipeline
from flagstone.scaffolding.models import ScaffoldRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_broker(no_broker: list[str]) -> None:
    """No test here needs a worker."""


def values_of(response: Any) -> dict[str, str]:
    """Return what stands in the fields of a form."""
    sections = response.context["sections"]
    return {q.asked.name: q.value for section in sections for q in section.questions}


@pytest.mark.parametrize("name", ["checkout", "Bad Name"])
def test_the_way_back_leads_to_the_form_as_it_was_filled_in(
    signed_in: Client, scaffolds: Path, gitops: Repository, name: str, admin_user: User
) -> None:
    page = signed_in.get("/new/tiny-api").context["page"]
    answers = {"answer.name": name, "answer.replicas": "7", "page": str(page)}
    signed_in.post("/new/tiny-api/preview", answers)
    response = signed_in.get(f"/new/tiny-api/again/{page}")
    assert (values_of(response)["name"], values_of(response)["replicas"]) == (name, "7")
    assert response.context["page"] != page
    signed_in.force_login(admin_user)
    assert signed_in.get(f"/new/tiny-api/again/{page}").headers["Location"] == "/new/tiny-api"


def test_a_secret_is_asked_for_anew(signed_in: Client, scaffolds: Path, gitops: Repository) -> None:
    template = scaffolds / "tiny-api" / "template.yaml"
    secret = "        password: {type: string, ui:widget: password}\n"
    text = template.read_text()
    template.write_text(
        text.replace("        description:\n", f"{secret}        description:\n", 1)
    )
    page = signed_in.get("/new/tiny-api").context["page"]
    answers = {"answer.name": "checkout", "answer.password": "canary", "page": str(page)}
    signed_in.post("/new/tiny-api/preview", answers)
    response = signed_in.get(f"/new/tiny-api/again/{page}")
    assert (values_of(response)["name"], values_of(response)["password"]) == ("checkout", "")
    assert "canary" not in response.content.decode()


@pytest.mark.parametrize("page", ["", "x", "../../etc"])
def test_a_page_without_a_number_is_previewed_all_the_same(
    signed_in: Client, scaffolds: Path, gitops: Repository, page: str
) -> None:
    answers = {"answer.name": "checkout", "page": page}
    assert signed_in.post("/new/tiny-api/preview", answers).status_code == 302


def test_a_run_that_ended_early_leads_to_its_answers(
    signed_in: Client, asked_run: ScaffoldRun, member: User
) -> None:
    address = f"/new/tiny-api/again/{asked_run.pk}"
    assert address not in signed_in.get(f"/runs/{asked_run.pk}").content.decode()
    actions.cancel_run(actor=member, run=asked_run)
    pipeline.execute(asked_run.pk)
    assert f'href="{address}">Change the answers</a>' in (
        signed_in.get(f"/runs/{asked_run.pk}").content.decode()
    )
    assert values_of(signed_in.get(address))["name"] == "checkout"


@pytest.mark.parametrize("answers", [{"name": "checkout", "store": 3, "tags": 1}, {"name": 5}])
def test_answers_to_other_questions_are_no_error(
    signed_in: Client, asked_run: ScaffoldRun, answers: dict[str, Any]
) -> None:
    ScaffoldRun.objects.filter(pk=asked_run.pk).update(answers=answers)
    assert signed_in.get(f"/new/tiny-api/again/{asked_run.pk}").status_code == 200


def test_what_was_never_answered_is_asked(signed_in: Client, scaffolds: Path) -> None:
    response = signed_in.get(f"/new/tiny-api/again/{uuid.uuid4()}")
    assert response.headers["Location"] == "/new/tiny-api"


def test_a_template_that_cannot_be_rendered_blames_no_answer(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    readme = scaffolds / "tiny-api" / "service" / "{{cookiecutter.name}}" / "README.md"
    readme.write_text("{{ cookiecutter.name | nothing }}\n")
    response = signed_in.post("/new/tiny-api/preview", {"answer.name": "checkout"})
    page = response.content.decode()
    assert "With these answers it cannot be made. Nothing was made." in page
    assert "0 answers" not in page
