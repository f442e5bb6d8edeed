from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from flagstone.accounts.models import ApiToken, User

FORM = {"name": "CI of checkout", "scopes": ["read", "gate"], "days": "30"}


def test_a_token_is_shown_once(client: Client, member: User) -> None:
    client.force_login(member)

    response = client.post("/account/tokens", FORM)

    token = ApiToken.objects.get()
    assert (token.user, token.name, token.scopes) == (member, "CI of checkout", ["gate", "read"])
    assert f">{token.prefix}" in response.text
    assert token.digest not in response.text
    assert "shown only this once" in response.text
    assert "shown only this once" not in client.get("/account/tokens").text


def test_a_form_with_a_hole_makes_no_token(client: Client, member: User) -> None:
    client.force_login(member)
    response = client.post("/account/tokens", {**FORM, "scopes": []})
    assert response.status_code == 422
    assert "Choose at least one." in response.text
    assert ApiToken.objects.count() == 0


def test_revoking_ends_a_token(
    client: Client, member: User, audit_actions: Callable[[], list[str]]
) -> None:
    client.force_login(member)
    client.post("/account/tokens", FORM)
    token = ApiToken.objects.get()

    response = client.post(f"/account/tokens/{token.pk}/revoke", follow=True)

    token.refresh_from_db()
    assert token.revoked_at is not None
    assert "CI of checkout is revoked" in response.text
    assert audit_actions()[-1] == "accounts.token_revoked"


@pytest.mark.parametrize("method", ["post", "get"])
def test_the_token_of_somebody_else_is_out_of_reach(
    client: Client, member: User, lead: User, method: str
) -> None:
    client.force_login(member)
    client.post("/account/tokens", FORM)
    token = ApiToken.objects.get()
    client.force_login(lead)

    response = getattr(client, method)(f"/account/tokens/{token.pk}/revoke")

    assert response.status_code == {"post": 404, "get": 405}[method]
    token.refresh_from_db()
    assert token.revoked_at is None
