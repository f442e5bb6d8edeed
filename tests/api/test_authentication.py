"""Tokens open the API within their scopes; a bad one is told apart from none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from flagstone.accounts.models import ApiToken

pytestmark = pytest.mark.django_db
URL = "/api/v1/entities"


def test_nobody_is_asked_to_sign_in(db):
    answer = APIClient().get(URL)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="Flagstone"'
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("header", ["Bearer fst_wrong", "bearer fst_wrong", "Bearer  fst_wrong "])
def test_an_unknown_token_is_refused_in_words(db, header):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    answer = client.get(URL)
    assert answer.status_code == 401
    assert answer.json()["detail"] == (
        "This token is unknown, expired or revoked. Create a new one under API tokens."
    )


@pytest.mark.parametrize(
    "change",
    [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}],
)
def test_an_ended_token_is_refused(client_of, member, change):
    client = client_of(member, "read")
    assert client.get(URL).status_code == 200
    ApiToken.objects.update(**change)
    assert client.get(URL).status_code == 401


def test_a_token_without_the_scope_is_refused(client_of, member):
    answer = client_of(member, "gate").get(URL)
    assert answer.status_code == 403
    assert answer.json()["code"] == "permission_denied"
    assert (
        client_of(member, "read").post("/api/v1/gate", {"service": "x"}, format="json").status_code
        == 403
    )


def test_the_use_of_a_token_is_noted(client_of, member):
    client = client_of(member, "read")
    client.get(URL)
    assert timezone.now() - ApiToken.objects.get().last_used_at < timedelta(minutes=1)


def test_a_session_may_read_too(client, member):
    client.force_login(member)
    assert client.get(URL).status_code == 200
