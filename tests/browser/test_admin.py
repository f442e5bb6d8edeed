"""The admin on a phone and in the dark: nothing is cut off, and it follows what the person's system says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

PHONE = {"width": 390, "height": 844}
# elements whose text goes beyond the screen
CUT_OFF = """() => {
    const width = document.documentElement.clientWidth;
    const texts = document.querySelectorAll(
        '#result_list td, #result_list th, .readonly, #content p, #content li, label');
    return [...texts].filter(each => {
        const box = each.getBoundingClientRect();
        return box.width && getComputedStyle(each).display !== 'inline' && (
            box.left < -1 || box.right > width + 1
            || each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1
        );
    }).map(each => `${each.className} ${each.innerText}`.slice(0, 120));
}"""


@pytest.fixture
def places(admin_user: Any, transactional_db: None) -> dict[str, str]:
    from django.urls import reverse

    from flagstone.forge.models import ChangeRequest, CodeHost, Repository, WebhookDelivery

    host = CodeHost.objects.create(name="github", kind="github", web_url="https://github.com")
    repository = Repository.objects.create(
        host=host, full_name="acme/a-repository-with-quite-a-long-name", default_branch="main",
        head_commit="0123456789" * 4, problem_code="forge.authentication_failed",
    )  # fmt: skip
    delivery = WebhookDelivery.objects.create(
        host=host, repository=repository, repository_name=repository.full_name, event="pull_request_review",
        delivery_id="72d3162e-cc78-11e3-81ab-4c9367dc0958", state="failed",
        headers={"x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958" * 3},
        payload=b'{"ref": "' + b"x" * 600 + b'"}',
        error="The code host github does not accept the credential: https://github.com/acme/a-repository-with-"
        "quite-a-long-name answered 401. Store another access token in the admin.",
    )  # fmt: skip
    change = ChangeRequest.objects.create(
        repository=repository, title="Add a service", body="It takes payments.", fingerprint="f" * 64,
        branch="flagstone/add-a-service-that-takes-payments-0123456789abcdef", target_branch="main",
        requested_by=admin_user, author_name="Ada", author_email="ada@example.com", state="failed",
        last_error="https://github.com/acme/" + "a-very-long-word" * 10,
    )  # fmt: skip
    change.files.create(path="services/" + "a-folder/" * 12 + "rollout.yaml", content=b"x")
    pages = {"webhookdelivery": delivery, "changerequest": change, "repository": repository}
    return (
        {f"{name} list": reverse(f"admin:forge_{name}_changelist") for name in pages}
        | {
            f"{name} page": reverse(f"admin:forge_{name}_change", args=[row.pk])
            for name, row in pages.items()
        }
        | {
            "question": f"/admin/forge/repository/{repository.pk}/unregister/",
            "question that is answered no": f"/admin/forge/codehost/{host.pk}/remove/",
        }
    )


@pytest.mark.django_db(transaction=True)
def test_on_a_phone_nothing_is_cut_off(
    new_page: Callable[..., Page], admin_user: Any, sign_in: Any, places: dict[str, str]
) -> None:
    page = sign_in(new_page(viewport=PHONE), admin_user)
    found = {}
    for name, address in places.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        wide = page.evaluate("document.documentElement.scrollWidth")
        found[name] = (wide, page.evaluate(CUT_OFF))
    assert found == {name: (PHONE["width"], []) for name in places}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_is_dark_where_the_persons_system_is(
    new_page: Callable[..., Page], admin_user: Any, sign_in: Any, scheme: Any
) -> None:
    page = sign_in(new_page(color_scheme=scheme), admin_user)
    page.goto("/admin/")
    page.wait_for_load_state("networkidle")
    is_dark = page.evaluate("document.documentElement.classList.contains('dark')")
    assert is_dark is (scheme == "dark")
