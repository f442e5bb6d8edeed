"""The walking road as people walk it, from the form to the leaderboard, with a real worker."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from flagstone.config.runtime.children import Child
from flagstone.scaffolding.models import ScaffoldRun
from tests.browser.conftest import NARROW
from tests.browser.organisation import found_organisation
from tests.browser.workers import running_worker

pytestmark = pytest.mark.worker
# rendering, pushing and scoring on a machine that does other things too
PATIENCE = 60_000


@pytest.fixture
def worker(live_server: Any, settings: Any, tmp_path: Path) -> Iterator[Child]:
    with running_worker(settings, tmp_path / "worker.log") as child:
        yield child


def score_in(place: Locator) -> str:
    """Read the score off the ring within a place."""
    ring = place.get_by_role("img", name=re.compile(r"^score \d+ of 100$")).first
    expect(ring).to_be_visible(timeout=PATIENCE)
    return str(ring.get_attribute("aria-label"))


def answer(page: Page, *, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("What it does").fill("Pays money back to customers {{ 7*7 }}.")


def fill_in_the_form(page: Page) -> None:
    """My squad is filled in; a bad name is told while it is typed, and a free one too."""
    page.get_by_role("link", name="New service").first.click()
    page.get_by_role("link", name="Python HTTP API").click()
    page.wait_for_load_state()
    expect(page.get_by_label("Squad")).to_have_value("group:default/payments")
    page.get_by_label("Name", exact=True).fill("Refunds!")
    expect(page.get_by_text(re.compile("^Use .*lower-case letters"))).to_be_visible()
    answer(page, name="refunds")
    expect(page.get_by_text("refunds is free.")).to_be_visible()


def read_the_preview(page: Page) -> str:
    """Both trees, a file at a time without a reload; return the score that it promises."""
    page.get_by_role("button", name="Preview").click(timeout=60_000)
    expect(page).to_have_title("Preview of refunds · Flagstone", timeout=PATIENCE)
    shown = page.locator("#shown-file")
    expect(shown.get_by_role("heading")).to_have_text("services/refunds/rollout.yaml")
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="catalog-info.yaml").click()
    expect(shown.get_by_role("heading")).to_have_text("services/refunds/catalog-info.yaml")
    expect(shown).to_contain_text("Pays money back to customers {{ 7*7 }}.")
    assert page.evaluate("window.stayed") is True
    return score_in(page.locator("main"))


def watch_the_run(page: Page) -> None:
    """Its steps and its log come in while one looks."""
    page.get_by_role("button", name="Create refunds").click()
    expect(page).to_have_url(re.compile("/runs/"))
    page.evaluate("window.stayed = true")
    expect(page.locator("#run-head")).to_contain_text("waits for the merge", timeout=PATIENCE)
    log = page.locator("#run-log")
    expect(log).to_contain_text("Made acme/refunds")
    expect(log).to_contain_text("Opened pull request #1 of acme/gitops")


def approve_and_merge(page: Page) -> None:
    """Somebody else reads the change, approves it and merges it."""
    page.goto("/pulls")
    page.get_by_role("link", name="Add refunds").click()
    expect(page.locator(".diff tr.added").first).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("button", name="You approved it")).to_be_disabled()
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_role("heading", name="Merged")).to_be_visible()


def lines_of_the_log(page: Page) -> list[str]:
    script = "Array.from(document.querySelectorAll('#run-log li[id]'), line => line.id)"
    return [str(line) for line in page.evaluate(script)]


def test_from_the_form_to_the_leaderboard_without_a_reload(
    new_page: Callable[..., Page],
    sign_in: Any,
    worker: Child,
    admin_user: Any,
    member: Any,
    lead: Any,
) -> None:
    found_organisation(admin_user)
    page, board, reviewer = (sign_in(new_page(), person) for person in (member, admin_user, lead))
    board.goto("/leaderboard")
    expect(board.get_by_text("Payments", exact=True)).to_have_count(0)

    fill_in_the_form(page)
    promised = read_the_preview(page)
    watch_the_run(page)
    approve_and_merge(reviewer)

    # all three pages come to the same end by themselves
    assert score_in(reviewer.locator("#arrivals")) == promised
    assert score_in(page.locator("#run-head")) == promised
    expect(page.locator("#run-head")).to_contain_text("leaderboard")
    expect(board.get_by_text("Payments", exact=True)).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("window.stayed") is True

    # every line of the log stands there once, before a reload and after it
    before = lines_of_the_log(page)
    page.reload()
    assert lines_of_the_log(page) == before
    assert len(set(before)) == len(before)

    page.goto("/catalog/component/default/refunds")
    assert score_in(page.locator("main")) == promised
    run = ScaffoldRun.objects.get()
    assert (run.state, run.service_name) == ("merged", "refunds")


def test_the_road_is_walked_without_scripts_on_a_small_screen(
    new_page: Callable[..., Page],
    sign_in: Any,
    worker: Child,
    admin_user: Any,
    member: Any,
    lead: Any,
) -> None:
    found_organisation(admin_user)
    page = new_page(java_script_enabled=False, viewport=NARROW)
    sign_in(page, member)
    page.goto("/new")
    page.get_by_role("link", name="Python HTTP API").click()
    page.get_by_role("button", name="Preview").click(timeout=60_000)
    expect(page.get_by_role("alert")).to_contain_text("2 answers need another look")

    answer(page, name="refunds")
    page.get_by_role("button", name="Preview").click(timeout=60_000)
    expect(page).to_have_title("Preview of refunds · Flagstone", timeout=PATIENCE)
    page.get_by_role("link", name="slo.yaml").click()
    expect(page.locator("#shown-file").get_by_role("heading")).to_have_text(
        "services/refunds/slo.yaml"
    )
    page.get_by_role("button", name="Create refunds").click()
    # the page loads itself again until there is nothing to wait for but people
    page.get_by_role("link", name="Open the pull request").click(timeout=PATIENCE)
    expect(page.locator("main")).to_contain_text(
        "somebody else approves it before it can be merged"
    )
    address = page.url
    page = sign_in(new_page(java_script_enabled=False, viewport=NARROW), lead)
    page.goto(address)
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_role("heading", name="Merged")).to_be_visible()


def test_two_clicks_make_one_run(
    page: Page, sign_in: Any, worker: Child, admin_user: Any, member: Any
) -> None:
    found_organisation(admin_user)
    sign_in(page, member)
    page.goto("/new/python-api")
    answer(page, name="refunds")
    page.get_by_role("button", name="Preview").click(timeout=60_000)
    expect(page).to_have_title("Preview of refunds · Flagstone", timeout=PATIENCE)
    page.get_by_role("button", name="Create refunds").dblclick()
    expect(page).to_have_url(re.compile("/runs/"))
    expect(page.locator("#run-head")).to_contain_text("waits for the merge", timeout=PATIENCE)
    assert ScaffoldRun.objects.count() == 1
