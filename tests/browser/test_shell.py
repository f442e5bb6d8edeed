from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from flagstone.core import jobs
from tests.browser.conftest import NARROW


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_a_wrong_password_is_told_and_a_right_one_opens_home(
    page: Page, member: Any, sign_in: Any
) -> None:
    page.goto("/account/tokens")
    page.get_by_label("Username").fill("mia")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("correct username and password")

    page.get_by_label("Password").fill("miamia")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("API tokens · Flagstone")


def test_the_palette_opens_by_key_and_leads_somewhere(
    page: Page, admin_user: Any, sign_in: Any
) -> None:
    sign_in(page, admin_user)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="Home")).to_have_attribute("aria-selected", "true")
    page.keyboard.type("aud")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_title("Audit · Flagstone")


def test_the_keys_are_listed_and_work(page: Page, admin_user: Any, sign_in: Any) -> None:
    sign_in(page, admin_user)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Go to Audit")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page).to_have_title("Audit · Flagstone")


def test_the_end_of_a_job_comes_as_a_notice(page: Page, member: Any, sign_in: Any) -> None:
    job = jobs.create(kind="test.job", title="New service refunds", steps=[], requested_by=member)
    jobs.start(job)
    sign_in(page, member)
    expect(page.get_by_role("img", name="1 running")).to_be_attached()
    jobs.succeed(job)
    expect(page.get_by_text("New service refunds: done")).to_be_visible()


def test_the_theme_is_chosen_and_kept(page: Page, member: Any, sign_in: Any) -> None:
    sign_in(page, member)
    page.get_by_label("Account of").click()
    page.get_by_role("button", name="Dark").click()
    page.goto("/account/tokens")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_without_scripts_one_searches_navigates_and_signs_out(
    new_page: Callable[..., Page], admin_user: Any, sign_in: Any
) -> None:
    page = sign_in(new_page(java_script_enabled=False, viewport=NARROW), admin_user)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("searchbox").fill("audit")
    page.keyboard.press("Enter")
    page.get_by_role("option", name="Audit").click()
    expect(page).to_have_title("Audit · Flagstone")
    page.get_by_text("More").click()
    page.get_by_label("Main, small screen").get_by_role("link", name="Home").first.click()
    page.get_by_label("Account of").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in · Flagstone")


@pytest.mark.parametrize(
    "path", ["/", "/search?q=h", "/account/tokens", "/audit", "/bell", "/nowhere"]
)
def test_nothing_sticks_out_at_360_pixels(
    new_page: Callable[..., Page], admin_user: Any, sign_in: Any, path: str
) -> None:
    page = sign_in(new_page(viewport=NARROW), admin_user)
    page.goto(path)
    assert not overflows(page)


def test_a_keyboard_reaches_the_content_first(page: Page, member: Any, sign_in: Any) -> None:
    sign_in(page, member)
    page.goto("/account/tokens")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="API reference").last).to_be_focused()
