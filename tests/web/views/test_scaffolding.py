"""The way from picking a scaffold to the run, as a browser without scripts walks it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from flagstone.accounts.models import User
from flagstone.catalog.models import Relation
from flagstone.forge.models import Repository
from flagstone.scaffolding.models import ScaffoldRun
from tests.web.views.previewing import ANSWERS, HOSTILE, page_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_broker(no_broker: list[str]) -> None:
    """No test here needs a worker."""


# --- pick


def test_a_scaffold_is_told_with_what_it_does(signed_in: Client, scaffolds: Path) -> None:
    page = page_of(signed_in.get("/new"))
    assert 'href="/new/tiny-api"' in page
    assert "The least that can be shipped" in page
    assert "Open the pull request" in page
    assert "not used yet" in page


def test_a_broken_scaffold_says_what_is_wrong_and_leads_nowhere(
    signed_in: Client, scaffolds: Path
) -> None:
    template = scaffolds / "tiny-api" / "template.yaml"
    template.write_text(template.read_text().replace("fetch:cookiecutter", "fetch:magic", 1))
    page = page_of(signed_in.get("/new"))
    assert "the action &#x27;fetch:magic&#x27;, which Flagstone does not know" in page
    assert 'href="/new/tiny-api"' not in page


def test_without_scaffolds_the_page_says_how_to_add_one(
    signed_in: Client, settings: Any, tmp_path: Path
) -> None:
    settings.FLAGSTONE_SCAFFOLDS_DIR = tmp_path / "nothing"
    assert "There are no scaffolds yet" in page_of(signed_in.get("/new"))


# --- form


def test_the_form_asks_every_question_with_its_default(signed_in: Client, scaffolds: Path) -> None:
    sections = signed_in.get("/new/tiny-api").context["sections"]
    asked = {q.asked.name: (q.control, q.value) for s in sections for q in s.questions}
    assert asked == {
        "name": ("text", ""),
        "description": ("text", "It says hello"),
        "replicas": ("number", "2"),
        "owner": ("text", ""),
        "store": ("radios", "none"),
        "size": ("number", ""),
    }


def test_what_the_template_decides_is_read_and_not_typed(
    signed_in: Client, scaffolds: Path
) -> None:
    template = scaffolds / "tiny-api" / "template.yaml"
    template.write_text(
        re.sub(
            r"( +)default: It says",
            r"\1ui:readonly: true\n\1default: It says",
            template.read_text(),
        )
    )
    page = page_of(signed_in.get("/new/tiny-api?description=mine"))
    assert '<input type="hidden" name="answer.description" value="It says hello">' in page
    assert "The template decides it." in page
    assert 'id="answer-description-control" name' not in page


def test_my_own_squad_stands_first_and_is_filled_in(
    signed_in: Client, scaffolds: Path, known_service: Any, member: User
) -> None:
    for name in ("ledger", "payments"):
        squad = known_service(name, kind="Group", type="team", type_key="team")
    Relation.objects.create(
        declared_by=squad, source_ref=member.entity_ref, type="memberOf", target_ref=squad.ref
    )
    owner = signed_in.get("/new/tiny-api").context["sections"][1].questions[0]
    assert [(g.title, [o.value for o in g.options]) for g in owner.groups] == [
        ("My squads", ["group:default/payments"]),
        ("All squads", ["group:default/ledger"]),
    ]
    assert (owner.control, owner.value) == ("select", "group:default/payments")


def test_an_address_may_fill_in_answers(signed_in: Client, scaffolds: Path) -> None:
    response = signed_in.get("/new/tiny-api?name=refunds&evil=1")
    assert response.context["sections"][0].questions[0].value == "refunds"
    assert "answer.evil" not in page_of(response)


def test_a_viewer_is_told_which_role_creates(
    client: Client, stranger: User, scaffolds: Path, gitops: Repository
) -> None:
    client.force_login(stranger)
    for method, path in (
        ("get", "/new/tiny-api"),
        ("post", "/new/tiny-api/check?field=name"),
        ("post", "/new/tiny-api/preview"),
        ("post", "/new/tiny-api/create"),
    ):
        response = getattr(client, method)(path, ANSWERS)
        assert response.status_code == 403, path
        assert "needs the role Member or above" in page_of(response), path
    assert not ScaffoldRun.objects.exists()


def test_a_scaffold_that_is_not_there_is_not_found(signed_in: Client, scaffolds: Path) -> None:
    response = signed_in.get("/new/nothing")
    assert response.status_code == 404
    assert "There is no scaffold" in page_of(response)


# --- what is wrong with an answer


def test_faults_are_told_at_the_field_and_at_the_top_and_nothing_typed_is_lost(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    response = signed_in.post(
        "/new/tiny-api/preview",
        {**ANSWERS, "answer.name": "Bad Name", "answer.replicas": "many", "answer.store": "sql"},
    )
    page = page_of(response)
    assert response.status_code == 422
    assert "3 answers need another look" in page
    assert 'href="#answer-replicas-control">Replicas</a>: must be a whole number' in page
    assert 'href="#answer-size-control">Size in GB</a>: is needed' in page
    assert 'value="Bad Name"' in page
    assert 'value="many"' in page


def test_hostile_answers_come_back_as_text(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    page = page_of(
        signed_in.post("/new/tiny-api/preview", {"answer.name": HOSTILE, "answer.__evil": HOSTILE})
    )
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }} ${{ 8*8 }}" in page


def test_a_question_that_waits_carries_its_condition(signed_in: Client, scaffolds: Path) -> None:
    page = page_of(signed_in.get("/new/tiny-api"))
    assert 'data-shown-when="[[&quot;answer.store&quot;, [&quot;sql&quot;], false]]"' in page
    assert "Asked when Storage is sql." in page


@pytest.mark.parametrize(
    ("_case", "field", "typed", "said"),
    [
        ("a bad name", "name", "-x", "Use lower-case letters, digits and single dashes"),
        ("a name with a line break", "name", "a\nb", "be one line"),
        ("a climbing name", "name", "../../x", "Use lower-case letters"),
        ("a taken name", "name", "quote", "acme/gitops has a folder services/quote"),
        ("a free name", "name", "refunds", "refunds is free."),
        ("a number too small", "replicas", "0", "Must be 1 or more."),
        ("no squad of ours", "owner", "group:default/ghosts", "has no group:default/ghosts"),
    ],
)
def test_one_answer_is_checked_by_the_rules_of_creating(
    signed_in: Client,
    scaffolds: Path,
    gitops: Repository,
    _case: str,
    field: str,
    typed: str,
    said: str,
) -> None:
    response = signed_in.post(
        f"/new/tiny-api/check?field={field}", {**ANSWERS, f"answer.{field}": typed}
    )
    assert response.status_code == 200
    assert said.lower() in page_of(response).lower()


def test_an_answer_in_good_order_is_passed_over_in_silence(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    response = signed_in.post("/new/tiny-api/check?field=description", ANSWERS)
    assert page_of(response).strip() == ""


# --- preview


# --- create


# --- templates written for Backstage


@pytest.mark.parametrize(
    ("schema", "offered"),
    [
        ("{enum: [a, b], default: b}", ["a", "b"]),
        ("{enum: [a, b]}", ["", "a", "b"]),
    ],
)
def test_a_choice_with_a_default_cannot_be_left_empty(
    signed_in: Client, scaffolds: Path, schema: str, offered: list[str]
) -> None:
    template = scaffolds / "tiny-api" / "template.yaml"
    text = template.read_text()
    template.write_text(
        text.replace(
            "        description:\n",
            f"        shape: {schema}\n        description:\n",
            1,
        )
    )
    page = page_of(signed_in.get("/new/tiny-api"))
    select = page.partition('name="answer.shape"')[2].partition("</select>")[0]
    assert re.findall(r'<option value="(.*?)"', select) == offered
