"""Whatever goes wrong under /api/, a program can read what it was."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from flagstone.api.errors import handle
from flagstone.core.errors import Busy

TOO_LARGE = b'{"name": "' + b"x" * (10 * 1024 * 1024) + b'"}'


def problem(status: int, title: str, code: str, detail: str) -> dict[str, object]:
    return {"title": title, "status": status, "code": code, "detail": detail}


NOT_FOUND = problem(404, "Not Found", "not_found", "There is no such thing here.")
BROKEN = problem(
    500,
    "Internal Server Error",
    "broken",
    "Flagstone broke here, not you. The platform team finds the cause in its log.",
)


def is_problem(response, expected):
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (response.status_code, response.json()) == (expected["status"], expected)
    return True


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1", "/api/v1/nope", "/api/v2/entities", "/api/v1/runs/x"]
)
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_an_address_where_nothing_is(client_of, member, path, method):
    assert is_problem(getattr(client_of(member, "write"), method)(path), NOT_FOUND)


@pytest.mark.parametrize("path", ["/api/v1/nope", "/api/v1/entities", "/api/schema"])
def test_a_stranger_learns_only_to_sign_in(client, db, path):
    response = client.get(path)
    assert is_problem(
        response,
        problem(
            401,
            "Unauthorized",
            "not_authenticated",
            "Authentication credentials were not provided.",
        ),
    )
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="Flagstone"'


def test_the_documentation_is_a_page_that_leads_to_sign_in(client, db):
    response = client.get("/api/docs")
    assert (response.status_code, response.headers["Location"]) == (302, "/sign-in?next=/api/docs")


def test_a_method_that_is_not_there(client_of, member):
    response = client_of(member, "write").delete("/api/v1/entities")
    assert is_problem(
        response,
        problem(405, "Method Not Allowed", "method_not_allowed", 'Method "DELETE" not allowed.'),
    )


@pytest.mark.parametrize("path", ["/api/v1/gate", "/api/v1/runs"])
def test_a_body_that_is_too_large(client_of, member, path):
    response = client_of(member, "write").post(path, TOO_LARGE, content_type="application/json")
    assert is_problem(
        response,
        problem(
            413,
            "Request Entity Too Large",
            "too_large",
            "The body is larger than the 10 MB that a request may have.",
        ),
    )


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            b"{",
            "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (b"[" * 100_000, "The JSON is nested too deeply."),
        (b'{"a": "\\u0000"}', "A text holds U+0000 or half a surrogate pair; no text needs them."),
        (b"\xff\xfe", None),
    ],
)
def test_a_body_that_cannot_be_read(client_of, member, body, detail):
    response = client_of(member, "write").post(
        "/api/v1/runs", body, content_type="application/json"
    )
    assert (response.status_code, response.json()["code"]) == (400, "parse_error")
    assert detail is None or response.json()["detail"] == detail
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_body_of_another_kind(client_of, member):
    response = client_of(member, "write").post("/api/v1/runs", b"<a/>", content_type="text/xml")
    assert is_problem(
        response,
        problem(
            415,
            "Unsupported Media Type",
            "unsupported_media_type",
            'Unsupported media type "text/xml" in request.',
        ),
    )


def test_a_session_without_its_form_token(member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    response = client.post("/api/v1/runs", {}, content_type="application/json")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert response.json()["detail"].startswith("CSRF Failed: ")


def test_an_address_that_no_database_takes(client_of, member):
    expected = problem(400, "Bad Request", "bad_request", "The request could not be read.")
    assert is_problem(client_of(member).get("/api/v1/entities?q=a%00b"), expected)


def test_a_host_that_is_not_ours(client_of, member):
    expected = problem(400, "Bad Request", "bad_request", "The request could not be read.")
    assert is_problem(client_of(member).get("/api/v1/entities", HTTP_HOST="evil.example"), expected)


def test_a_bug_tells_nothing_of_itself(client_of, member, monkeypatch):
    from flagstone.api.v1.catalog import EntityList

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(EntityList, "get_queryset", broken)
    client = client_of(member)
    client.raise_request_exception = False
    assert is_problem(client.get("/api/v1/entities"), BROKEN)


def test_a_person_still_gets_pages(client, member, monkeypatch):
    client.force_login(member)
    assert client.get("/nope").headers["Content-Type"] == "text/html; charset=utf-8"
    strange = client.get("/catalog?q=a%00b")
    assert (strange.status_code, "The request could not be read" in strange.text) == (400, True)


def test_too_much_at_a_time_is_a_429():
    answer = handle(Busy("Another preview of yours is being rendered."), {})
    assert (answer.status_code, json.loads(answer.content)["code"]) == (429, "busy")
