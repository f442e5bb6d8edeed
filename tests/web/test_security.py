from __future__ import annotations

import pytest
from django.test import Client


def policy(response: object) -> str:
    return response.headers["Content-Security-Policy"]  # type: ignore[attr-defined, no-any-return]


@pytest.mark.django_db
def test_pages_run_scripts_of_this_origin_only(client: Client) -> None:
    header = policy(client.get("/sign-in"))
    assert "default-src 'none'" in header
    assert "script-src 'self';" in header
    assert "unsafe" not in header


@pytest.mark.django_db
def test_pages_of_others_get_what_they_need(client: Client, admin_user: object) -> None:
    client.force_login(admin_user)
    assert "'unsafe-eval'" in policy(client.get("/admin/"))
    docs = policy(client.get("/api/docs"))
    assert "'unsafe-inline'" in docs
    assert "'unsafe-eval'" not in docs


@pytest.mark.django_db
def test_an_address_that_does_not_exist_gets_the_strict_one(client: Client) -> None:
    assert "script-src 'self';" in policy(client.get("/nothing-here"))
