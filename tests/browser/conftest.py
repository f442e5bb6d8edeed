"""A real Chromium on a real server: `page` is a fresh one, `signed_in` opens it for somebody."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from flagstone.config.runtime import styles

# Playwright's loop runs in this thread, which Django takes for asynchronous code; the tests are not
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60_000  # milliseconds, on a machine that others keep busy
# an answer that is an error, which tests see for themselves, and what htmx says of a request when its page is left
HARMLESS = ("Failed to load resource", "htmx:afterRequest, ", "htmx:sendAbort, ")
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail("CI must look at the pages, but there is no chromium. Install it.")
    pytest.skip("there is no chromium on this machine (Debian: apt-get install chromium)")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = _chromium()
    expect.set_options(timeout=PATIENCE)
    styles.build()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own: `new_page(viewport=NARROW, java_script_enabled=False)`.

    A script error or a refused resource fails the test when it ends.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(HARMLESS):
            faults.append(message.text)

    def make(**options: Any) -> Page:
        options = {"viewport": WIDE, "base_url": live_server.url, **options}
        context = chromium.new_context(**options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture
def sign_in() -> Callable[[Page, Any], Page]:
    """Sign somebody of the cast in through the form, as a person does."""

    def enter(page: Page, user: Any) -> Page:
        page.goto("/sign-in")
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill(user.username * 2)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("/")
        return page

    return enter
