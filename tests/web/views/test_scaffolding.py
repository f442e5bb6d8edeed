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
from flagstone.scaffolding import rendering_places
from flagstone.scaffolding.models import ScaffoldRun
from tests.scaffolding.building import TOP

pytestmark = pytest.mark.django_db

ANSWERS = {"answer.name": "checkout", "answer.description": "It takes payments"}
HOSTILE = "<script>alert(1)</script> {{ 7*7 }} ${{ 8*8 }}"


@pytest.fixture(autouse=True)
def _no_broker(no_broker: list[str]) -> None:
    """No test here needs a worker."""


def page_of(response: Any) -> str:
    return response.content.decode()


def previewed(client: Client, **more: str) -> str:
    """Ask for a preview and return its address."""
    response = client.post("/new/tiny-api/preview", {**ANSWERS, **more})
    assert response.status_code == 302, page_of(response)
    return response.headers["Location"]


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


def test_a_preview_shows_both_trees_and_a_file(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    response = signed_in.get(previewed(signed_in, **{"answer.replicas": "3"}))
    assert [
        (repository.full_name, [file.path for file in repository.files])
        for repository in response.context["repositories"]
    ] == [
        (
            "acme/gitops",
            [
                "apps/checkout.yaml",
                "services/checkout/catalog-info.yaml",
                "services/checkout/deployment.yaml",
            ],
        ),
        ("acme/checkout", [".flagstone/provenance.yaml", "README.md", "run.sh"]),
    ]
    file = response.context["file"]
    assert file.path == "services/checkout/deployment.yaml"
    assert "replicas: 3\n" in file.text


def test_each_file_has_an_address_and_a_strange_one_shows_the_first(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    address = previewed(signed_in)
    shown = signed_in.get(f"{address}?file=service:run.sh").context["file"]
    assert (shown.path, shown.repository, shown.is_executable) == (
        "run.sh",
        "Service repository",
        True,
    )
    for strange in ("service:../../etc/passwd", "evil:run.sh", "", "x"):
        shown = signed_in.get(address, {"file": strange}).context["file"]
        assert shown.path == "services/checkout/deployment.yaml", strange


def test_answers_are_data_in_every_file_and_on_the_page(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    address = previewed(signed_in, **{"answer.description": HOSTILE})
    response = signed_in.get(f"{address}?file=service:README.md")
    assert HOSTILE in response.context["file"].text
    assert "<script>alert(1)" not in page_of(response)


def test_a_preview_is_its_owners(
    signed_in: Client, scaffolds: Path, gitops: Repository, admin_user: User
) -> None:
    address = previewed(signed_in)
    signed_in.force_login(admin_user)
    response = signed_in.get(address, follow=True)
    assert response.redirect_chain == [("/new/tiny-api", 302)]
    assert "The preview is gone" in page_of(response)


def test_a_taken_name_is_told_before_any_file_is_shown(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    response = signed_in.post("/new/tiny-api/preview", {**ANSWERS, "answer.name": "quote"})
    assert response.status_code == 409
    assert "is taken: acme/gitops has a folder services/quote" in page_of(response)


def test_without_a_gitops_repository_the_form_says_whom_to_ask(
    signed_in: Client, scaffolds: Path
) -> None:
    response = signed_in.post("/new/tiny-api/preview", ANSWERS)
    assert response.status_code == 409
    assert "There is no GitOps repository yet" in page_of(response)
    assert 'value="checkout"' in page_of(response)


def test_the_answers_can_be_changed_after_the_preview(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    sent = dict(signed_in.get(previewed(signed_in)).context["answers"])
    response = signed_in.post("/new/tiny-api", sent)
    assert response.status_code == 200
    values = {q.asked.name: q.value for s in response.context["sections"] for q in s.questions}
    assert (values["name"], values["description"], values["replicas"]) == (
        "checkout",
        "It takes payments",
        "2",
    )


def test_who_asks_for_more_previews_at_a_time_than_there_are_is_told(
    signed_in: Client, scaffolds: Path, gitops: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering_places, "MOST_FOR_ONE", 0)
    response = signed_in.post("/new/tiny-api/preview", ANSWERS)
    assert response.status_code == 429
    assert "Another preview of yours is being rendered; try again in a moment." in page_of(response)
    assert 'value="It takes payments"' in page_of(response)
    defaults = signed_in.post("/new/tiny-api/defaults", ANSWERS)
    assert (defaults.status_code, defaults.content) == (204, b"")


def test_a_path_that_the_code_host_would_not_take_stops_it(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    workflows = scaffolds / "paved" / TOP / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "ci.yaml").write_text("on: push\n")
    verdict = signed_in.get(previewed(signed_in)).context["verdict"]
    assert verdict.obstacle.startswith(
        "The file cannot be written at '.github/workflows/ci.yaml': it would run in CI"
    )


def test_opening_the_address_of_the_preview_leads_to_the_form(
    signed_in: Client, scaffolds: Path
) -> None:
    response = signed_in.get("/new/tiny-api/preview")
    assert (response.status_code, response.headers["Location"]) == (302, "/new/tiny-api")


def test_the_verdict_names_what_would_fail_and_an_enforced_policy_stops_it(
    signed_in: Client, scaffolds: Path, gitops: Repository, settings: Any
) -> None:
    settings.FLAGSTONE_SCORECARDS_DIR = Path(__file__).parents[3] / "scorecards"
    response = signed_in.get(previewed(signed_in))
    verdict = response.context["verdict"]
    assert verdict.score is not None
    assert verdict.score < 50
    assert verdict.level == ""
    assert "PB-02" in {check.id for check in verdict.attention}
    assert "Required probes" in verdict.obstacle
    assert "services/checkout/deployment.yaml" in verdict.findings
    page = page_of(response)
    assert "It cannot be created like this" in page
    assert '<button class="btn btn-primary w-full py-2" disabled>' in page


# --- create


def test_creating_leads_to_the_run(signed_in: Client, scaffolds: Path, gitops: Repository) -> None:
    context = signed_in.get(previewed(signed_in)).context
    sent = {**dict(context["answers"]), "key": str(context["key"])}
    response = signed_in.post("/new/tiny-api/create", sent)
    run = ScaffoldRun.objects.get()
    assert response.headers["Location"] == f"/runs/{run.pk}"
    assert (run.service_name, run.idempotency_key) == ("checkout", str(context["key"]))


def test_sending_it_twice_makes_one_run(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    context = signed_in.get(previewed(signed_in)).context
    sent = {**dict(context["answers"]), "key": str(context["key"])}
    first, second = (signed_in.post("/new/tiny-api/create", sent) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert ScaffoldRun.objects.count() == 1


def test_of_two_people_with_one_name_the_second_is_told(
    signed_in: Client, scaffolds: Path, gitops: Repository, admin_user: User
) -> None:
    signed_in.post("/new/tiny-api/create", {**ANSWERS, "key": "mine"})
    signed_in.force_login(admin_user)
    response = signed_in.post("/new/tiny-api/create", {**ANSWERS, "key": "yours"})
    assert response.status_code == 409
    assert "is taken: mia is creating checkout" in page_of(response)
    assert ScaffoldRun.objects.count() == 1


def test_what_is_created_is_checked_again(
    signed_in: Client, scaffolds: Path, gitops: Repository
) -> None:
    response = signed_in.post(
        "/new/tiny-api/create", {"answer.name": "../x", "answer.evil": "1", "key": "k"}
    )
    assert response.status_code == 422
    assert "evil is not a question of this scaffold." in page_of(response)
    assert not ScaffoldRun.objects.exists()


# --- templates written for Backstage


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
