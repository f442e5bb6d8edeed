from __future__ import annotations

import json
import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict, ExternalError, Forbidden, NotFound, UserError
from flagstone.web.middleware import error_response, status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UserError("x"), 400),
        (Forbidden("x"), 403),
        (NotFound("x"), 404),
        (Conflict("x"), 409),
        (ExternalError("x"), 502),
    ],
)
def test_the_status_of_an_error(error: Exception, status: int) -> None:
    assert status_of(error) == status  # type: ignore[arg-type]


def answer(error: Exception, **extra: object) -> tuple[HttpRequest, HttpResponse]:
    request = RequestFactory().get("/x", **extra)  # type: ignore[arg-type]
    return request, error_response(request, error)  # type: ignore[arg-type]


def test_an_error_page_says_what_happened_and_leads_back() -> None:
    _, response = answer(
        Conflict("The name <b>is</b> taken."), HTTP_REFERER="http://testserver/new"
    )
    assert response.status_code == 409
    assert "The name &lt;b&gt;is&lt;/b&gt; taken." in response.text
    assert 'href="http://testserver/new"' in response.text


def test_the_way_back_never_leads_elsewhere() -> None:
    _, response = answer(UserError("x"), HTTP_REFERER="https://elsewhere.example/")
    assert "elsewhere" not in response.text


def test_htmx_gets_an_error_as_a_notice() -> None:
    request = RequestFactory().get("/x")
    request.htmx = True  # type: ignore[attr-defined]
    response = error_response(request, Forbidden("Ask the platform team."))
    assert response.status_code == 403
    assert response.content == b""
    assert json.loads(response.headers["HX-Trigger"])["toast"] == {
        "text": "Ask the platform team.",
        "tone": "fail",
        "url": "",
    }


def test_a_page_says_how_long_it_took(client: Client, member: User) -> None:
    client.force_login(member)
    header = client.get("/account/tokens").headers["Server-Timing"]
    assert re.fullmatch(r'db;dur=[\d.]+;desc="\d+ queries", total;dur=[\d.]+', header)
