"""Two clicks in a real browser, with a real worker: from a broken service to a healthy one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from flagstone.config.runtime.children import Child
from tests.browser.conftest import NARROW
from tests.browser.organisation import found_organisation
from tests.browser.workers import running_worker
from tests.forge.repositories import git, push_by_hand

pytestmark = pytest.mark.worker
PATIENCE = 60_000
ENTITY = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: quote, title: Quotes}
spec: {type: service, lifecycle: production, owner: payments}
"""
ROLLOUT = "services/quote/rollout.yaml"


@pytest.fixture
def worker(live_server: Any, settings: Any, tmp_path: Path) -> Iterator[Child]:
    with running_worker(settings, tmp_path / "worker.log") as child:
        yield child


@pytest.fixture
def bare(admin_user: Any, member: Any, lead: Any, settings: Any, tmp_path: Path) -> Path:
    """The GitOps repository: a service that is known to the catalogue, and its last change, which is bad."""
    from flagstone.catalog.models import Location
    from flagstone.catalog.pipeline import ingest

    gitops = found_organisation(admin_user)
    place = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT) / f"{gitops.full_name}.git"
    files = {"services/quote/catalog-info.yaml": ENTITY, ROLLOUT: "image: good\n"}
    push_by_hand(place, tmp_path, files, message="Bring quote in")
    push_by_hand(place, tmp_path, {ROLLOUT: "image: bad\n"}, message="Release 2")
    ingest(Location.objects.get(repository=gitops).pk)
    return place


def test_a_lead_rolls_a_service_back_in_two_clicks_and_sees_it_become_healthy(
    page: Page, sign_in: Callable[..., Page], lead: Any, bare: Path, worker: Child
) -> None:
    from flagstone.delivery.models import Rollback
    from flagstone.delivery.tasks import carry_out
    from flagstone.forge.hosts.base import CommitStatus, StatusState
    from flagstone.forge.hosts.local import LocalForge

    sign_in(page, lead)
    page.goto("/catalog/component/default/quote")
    page.get_by_role("link", name="Roll back", exact=True).click()
    expect(page.locator("main")).to_contain_text("Release 2")
    expect(page.locator("main")).to_contain_text("image: good")
    page.get_by_label("Why it is rolled back").fill("It answers 500 since the release.")
    page.get_by_role("button", name="Roll back").click()
    expect(page).to_have_url(re.compile("/rollbacks/"))
    page.evaluate("window.stayed = true")
    expect(page.locator("#rollback")).to_contain_text(
        "It is healthy when Argo CD says so.", timeout=PATIENCE
    )
    assert git(bare, "show", f"main:{ROLLOUT}") == "image: good"
    rollback = Rollback.objects.get()
    said = CommitStatus(
        "argocd/quote", StatusState.SUCCESS, "Healthy", timezone.now() + timedelta(seconds=1)
    )
    LocalForge(bare.parent.parent).set_commit_status("acme/gitops", rollback.merge_commit, said)
    carry_out.delay(str(rollback.pk))
    expect(page.locator("#rollback")).to_contain_text("is kept.", timeout=PATIENCE)
    expect(page.get_by_text("healthy again", exact=True)).to_be_visible()
    assert page.evaluate("window.stayed") is True


def test_it_works_without_a_script_and_on_a_narrow_screen(
    new_page: Callable[..., Page],
    sign_in: Callable[..., Page],
    member: Any,
    bare: Path,
    worker: Child,
) -> None:
    page = sign_in(new_page(viewport=NARROW, java_script_enabled=False), member)
    page.goto("/catalog/component/default/quote/roll-back")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.get_by_label("Why it is rolled back").fill("It answers 500 since the release.")
    page.get_by_role("button", name="Roll back").click()
    expect(page).to_have_url(re.compile("/rollbacks/"))
    waits = page.get_by_text(re.compile("^Waits for an approval here by somebody other than mia"))
    for _ in range(60):
        if waits.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(waits).to_be_visible()
    assert git(bare, "show", f"main:{ROLLOUT}") == "image: bad"
