"""A small catalogue with one scored service, and clients that sign in with tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rest_framework.test import APIClient


@pytest.fixture
def client_of(db: None) -> Callable[..., APIClient]:
    """Make a client that signs in with a fresh token of somebody: `client_of(member, "read", "gate")`."""
    from rest_framework.test import APIClient

    from flagstone.accounts.actions import create_token

    def make(user: Any, *scopes: str) -> APIClient:
        _, text = create_token(actor=user, user=user, name="test", scopes=list(scopes or ("read",)))
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        return client

    return make
