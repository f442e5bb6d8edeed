"""The platform team finds repositories: with a script that follows along, and without any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from flagstone.catalog import tasks
from flagstone.catalog.models import Discovery
from flagstone.core.tasks import FlagstoneTask
from flagstone.forge.models import CodeHost, HostKind, Repository
from tests.browser.conftest import NARROW
from tests.forge.repositories import make_repository

COMPONENT = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: checkout}
spec: {type: service, lifecycle: production, owner: payments}
"""
FILES = {"catalog-info.yaml": COMPONENT, "src/main.py": "1\n"}


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, settings: Any) -> CodeHost:
    monkeypatch.setattr(FlagstoneTask, "apply_async", lambda *_, **__: None)
    root = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT)
    make_repository(root, FILES, full_name="acme/checkout")
    long = "a-name-of-a-repository-that-does-not-end-in-a-line-of-a-phone-and-goes-on"
    make_repository(
        root, {f"{long}/{name}": text for name, text in FILES.items()}, full_name=f"acme/{long}"
    )
    make_repository(root, {"README.md": "1\n"}, full_name="acme/notes")
    return CodeHost.objects.create(name="local", kind=HostKind.LOCAL)


def work() -> None:
    """Do what a worker does."""
    tasks.work_discovery(str(Discovery.objects.get().pk))


@pytest.mark.parametrize("java_script_enabled", [True, False])
def test_what_was_found_is_shown_ticked_and_registered(
    new_page: Callable[..., Page],
    admin_user: Any,
    host: CodeHost,
    sign_in: Any,
    java_script_enabled: bool,
) -> None:
    page = sign_in(new_page(viewport=NARROW, java_script_enabled=java_script_enabled), admin_user)
    page.goto("/catalog")
    page.get_by_role("link", name="Find repositories").click()
    page.get_by_label("Organisation, group or person").fill("acme")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_text("0 repositories looked at so far")).to_be_visible()
    work()
    expect(page.get_by_text("3 repositories looked at")).to_be_visible()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.get_by_role("checkbox", name="acme/a-name").uncheck()
    page.get_by_role("button", name="Register what is ticked").click()
    expect(page.get_by_role("heading", name="Being registered")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="Registered", exact=True)).to_be_visible()
    assert list(Repository.objects.values_list("full_name", flat=True)) == ["acme/checkout"]
    expect(page.get_by_role("checkbox", name="acme/a-name")).to_be_checked()
