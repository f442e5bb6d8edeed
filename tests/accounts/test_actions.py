"""Tokens: shown once, stored as a digest, scoped, expiring; people create only their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from flagstone.accounts import actions
from flagstone.accounts.models import ApiToken
from flagstone.core.errors import Forbidden, UserError

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_a_token_is_returned_once_and_stored_as_its_digest(member, audit_actions):
    with time_machine.travel(NOW, tick=False):
        token, text = actions.create_token(
            actor=member, user=member, name="CI", scopes=["gate", "read"], days=30
        )
    assert text.startswith("fst_")
    assert len(text) == 47
    assert token.prefix == text[:8]
    assert token.digest == actions.token_digest(text) != text
    assert token.scopes == ["gate", "read"]
    assert token.expires_at == NOW + timedelta(days=30)
    assert audit_actions() == ["accounts.token_created"]


@pytest.mark.parametrize(
    ("_case", "fields", "message"),
    [
        (
            "unknown scope",
            {"scopes": ["root"]},
            "Choose scopes among read, gate, scaffold, write; got root.",
        ),
        ("no scope", {"scopes": []}, "Choose scopes among read, gate, scaffold, write; got none."),
        ("for ever", {"days": 366}, "A token lives 1 to 365 days; got 366."),
        ("no day", {"days": 0}, "A token lives 1 to 365 days; got 0."),
    ],
)
def test_a_wrong_wish_makes_no_token(member, _case, fields, message):
    with pytest.raises(UserError, match=message):
        actions.create_token(
            **{"actor": member, "user": member, "name": "CI", "scopes": ["read"], **fields}
        )
    assert ApiToken.objects.count() == 0


def test_nobody_but_the_platform_team_creates_tokens_for_others(member, lead, admin_user):
    with pytest.raises(Forbidden):
        actions.create_token(actor=lead, user=member, name="CI", scopes=["read"])
    assert ApiToken.objects.count() == 0
    token, _ = actions.create_token(actor=admin_user, user=member, name="CI", scopes=["read"])
    assert token.user == member


def test_a_token_is_usable_until_it_expires_or_is_revoked_or_its_owner_leaves(member):
    with time_machine.travel(NOW, tick=False):
        token, _ = actions.create_token(
            actor=member, user=member, name="CI", scopes=["read"], days=1
        )
    usable = ApiToken.objects.usable
    assert list(usable(NOW + timedelta(hours=23, minutes=59))) == [token]
    assert list(usable(NOW + timedelta(days=1))) == []
    member.is_active = False
    member.save()
    assert list(usable(NOW)) == []


def test_revoking_twice_is_one_act(member, stranger, audit_actions):
    token, _ = actions.create_token(actor=member, user=member, name="CI", scopes=["read"])
    with pytest.raises(Forbidden):
        actions.revoke_token(actor=stranger, token=token)
    actions.revoke_token(actor=member, token=token)
    actions.revoke_token(actor=member, token=token)
    assert audit_actions() == ["accounts.token_created", "accounts.token_revoked"]
    assert not ApiToken.objects.usable(NOW).exists()


def test_whoever_createsuperuser_makes_is_of_the_platform_team():
    from flagstone.accounts.models import User

    user = User.objects.create_superuser("root", password="correct-horse-battery")
    assert (user.role, user.is_staff, user.is_superuser) == ("platform_admin", True, True)
