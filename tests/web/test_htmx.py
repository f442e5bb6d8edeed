from __future__ import annotations

import json

import pytest
from django.http import HttpResponse
from django.test import Client

from flagstone.web.htmx import stop_polling, toast


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("_case", "headers", "whole"),
    [
        ("a browser", {}, True),
        ("htmx", {"HX-Request": "true"}, False),
        ("htmx going back", {"HX-Request": "true", "HX-History-Restore-Request": "true"}, True),
        ("a boosted link", {"HX-Request": "true", "HX-Boosted": "true"}, True),
    ],
)
def test_htmx_gets_the_part(
    client: Client, member: object, _case: str, headers: dict[str, str], whole: bool
) -> None:
    client.force_login(member)
    response = client.get("/search", headers=headers)
    assert ("<html" in response.text) is whole
    assert "HX-Request" in response.headers["Vary"]


def test_polling_ends_with_286() -> None:
    assert stop_polling(HttpResponse()).status_code == 286


def test_a_notice_travels_in_a_header() -> None:
    response = toast(HttpResponse(), "Dönè", url="/x")
    assert json.loads(response.headers["HX-Trigger"]) == {
        "toast": {"text": "Dönè", "tone": "pass", "url": "/x"}
    }
