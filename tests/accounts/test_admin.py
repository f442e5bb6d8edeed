"""What the platform team changes in the admin is in the audit chain, passwords included, never their text."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


def _entries():
    from flagstone.core.models import AuditEntry

    return list(AuditEntry.objects.filter(action__startswith="accounts.user_").order_by("sequence"))


def test_a_new_password_is_recorded_without_it(client, admin_user, member):
    client.force_login(admin_user)
    answer = client.post(
        f"/admin/accounts/user/{member.pk}/password/",
        {
            "password1": "correct-horse-battery",
            "password2": "correct-horse-battery",
            "usable_password": "true",
        },
    )
    assert answer.status_code == 302
    (entry,) = _entries()
    assert (entry.action, entry.subject, entry.actor) == (
        "accounts.user_changed",
        f"user:{member.pk}",
        "ada",
    )
    assert "correct-horse" not in str(entry.data)


def test_deleting_in_bulk_is_recorded_one_by_one(client, admin_user, member, lead):
    client.force_login(admin_user)
    client.post(
        "/admin/accounts/user/",
        {"action": "delete_selected", "_selected_action": [member.pk, lead.pk], "post": "yes"},
    )
    assert sorted(entry.data["what"] for entry in _entries()) == ["leo", "mia"]
    assert {entry.action for entry in _entries()} == {"accounts.user_deleted"}
