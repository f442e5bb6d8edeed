from __future__ import annotations

import pytest
from django.test import Client

from flagstone.accounts.models import User


def test_a_chosen_theme_stays(client: Client, member: User) -> None:
    client.force_login(member)
    response = client.post("/account/theme", {"theme": "dark", "next": "/account/tokens"})
    assert response.headers["Location"] == "/account/tokens"
    assert 'data-theme="dark"' in client.get("/account/tokens").text


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_the_way_back_never_leaves(client: Client, member: User, back: str) -> None:
    client.force_login(member)
    assert client.post("/account/theme", {"theme": "dark", "next": back}).headers["Location"] == "/"


def test_an_unknown_theme_changes_nothing(client: Client, member: User) -> None:
    client.force_login(member)
    client.post("/account/theme", {"theme": "pink"})
    assert "flagstone_theme" not in client.cookies
