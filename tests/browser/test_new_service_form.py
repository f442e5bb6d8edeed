"""The form of a scaffold while somebody fills it in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.forge.repositories import make_repository
from tests.scaffolding.building import write_scaffolds
from tests.web.views.conftest import TEMPLATE


@pytest.fixture
def form(page: Page, sign_in: Any, member: Any, settings: Any, tmp_path: Path) -> Page:
    """The form of `tiny-api`, whose last question waits for another one's answer."""
    settings.FLAGSTONE_SCAFFOLDS_DIR = write_scaffolds(tmp_path / "scaffolds", TEMPLATE)
    sign_in(page, member)
    page.goto("/new/tiny-api")
    return page


def test_a_question_comes_and_goes_with_the_answer_that_leads_to_it(form: Page) -> None:
    size = form.get_by_label("Size in GB")
    expect(size).to_be_hidden()
    form.get_by_label("SQL").check()
    expect(size).to_be_visible()
    size.fill("3")
    form.get_by_label("None").check()
    expect(size).to_be_hidden()
    assert "answer.size" not in form.evaluate(
        "[...new FormData(document.getElementById('answer-size').closest('form')).keys()].join()"
    )


def test_what_is_wrong_is_told_beside_the_field_and_taken_back_when_it_is_mended(
    form: Page,
) -> None:
    replicas = form.get_by_label("Replicas")
    replicas.fill("0")
    replicas.blur()
    expect(form.get_by_text("Must be 1 or more.")).to_be_visible()
    expect(replicas).to_have_attribute("aria-invalid", "true")
    replicas.fill("3")
    replicas.blur()
    expect(form.get_by_text("Must be 1 or more.")).to_have_count(0)
    expect(replicas).to_have_attribute("aria-invalid", "false")


def test_the_list_of_faults_leads_to_the_fields(form: Page) -> None:
    form.get_by_label("Replicas").fill("many")
    form.get_by_role("button", name="Preview").click(timeout=60_000)
    faults = form.get_by_role("alert")
    expect(faults).to_be_focused()
    expect(faults).to_contain_text("2 answers need another look")
    faults.get_by_role("link", name="Replicas").click()
    form.keyboard.press("Tab")
    assert form.evaluate("document.activeElement.name") in {"answer.replicas", "answer.owner"}
    expect(form.get_by_label("Replicas")).to_have_value("many")


@pytest.fixture
def gitops(member: Any, settings: Any) -> Any:
    """A GitOps repository, without which there is no preview."""
    from flagstone.forge import pipeline
    from flagstone.forge.models import CodeHost, HostKind, RepositoryRole

    make_repository(Path(settings.FLAGSTONE_LOCAL_HOST_ROOT), {"a.txt": "1\n"})
    host = CodeHost.objects.create(name="local", kind=HostKind.LOCAL)
    made = pipeline.register_existing(requested_by=member, host=host, full_name="acme/gitops")
    made.role = RepositoryRole.GITOPS
    made.save()
    return made


def test_back_from_the_preview_brings_the_answers_back(form: Page, gitops: Any) -> None:
    form.get_by_label("Name").fill("refunds")
    form.get_by_label("Replicas").fill("7")
    form.get_by_role("button", name="Preview").click(timeout=60_000)
    expect(form).to_have_title(re.compile("Preview of refunds"))
    form.go_back()
    expect(form.get_by_label("Replicas")).to_have_value("7")
    expect(form.get_by_label("Name")).to_have_value("refunds")
    form.get_by_role("button", name="Preview").click(timeout=60_000)
    expect(form).to_have_title(re.compile("Preview of refunds"))
