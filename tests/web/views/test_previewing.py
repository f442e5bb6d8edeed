"""The preview of a new service, and what creating makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from flagstone.accounts.models import User
from flagstone.forge.models import Repository
from flagstone.scaffolding import rendering_places
from flagstone.scaffolding.models import ScaffoldRun
from tests.scaffolding.building import TOP
from tests.web.views.previewing import ANSWERS, HOSTILE, page_of, previewed

pytestmark = pytest.mark.django_db


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
