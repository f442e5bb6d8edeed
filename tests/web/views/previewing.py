"""The form of a new service, sent."""

from __future__ import annotations

from typing import Any

from django.test import Client

ANSWERS = {"answer.name": "checkout", "answer.description": "It takes payments"}


HOSTILE = "<script>alert(1)</script> {{ 7*7 }} ${{ 8*8 }}"


def page_of(response: Any) -> str:
    return response.content.decode()


def previewed(client: Client, **more: str) -> str:
    """Ask for a preview and return its address."""
    response = client.post("/new/tiny-api/preview", {**ANSWERS, **more})
    assert response.status_code == 302, page_of(response)
    return response.headers["Location"]
