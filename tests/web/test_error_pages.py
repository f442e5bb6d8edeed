from __future__ import annotations

from django.template.loader import render_to_string
from django.test import Client

from flagstone.accounts.models import User


def test_not_found_keeps_the_navigation_of_those_who_are_signed_in(
    client: Client, member: User
) -> None:
    client.force_login(member)
    response = client.get("/nothing-here")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.text
    assert 'aria-label="Main"' in response.text


def test_not_found_tells_nothing_to_a_stranger(client: Client, db: None) -> None:
    response = client.get("/nothing-here")
    assert response.status_code == 404
    assert 'aria-label="Main"' not in response.text


def test_a_foreign_form_is_refused_in_words(member: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    response = client.post("/account/tokens", {})
    assert response.status_code == 403
    assert "This form is from another session" in response.text


def test_the_broken_page_needs_nothing() -> None:
    assert "Flagstone broke here, not you" in render_to_string("500.html")
    assert "The request could not be read" in render_to_string("400.html")
