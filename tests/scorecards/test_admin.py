"""Exemptions in the admin: decided on and taken back in the list, and told why not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from flagstone.scorecards.models import Exemption, ExemptionState
from tests.web import rows

LIST = reverse("admin:scorecards_exemption_changelist")


@pytest.fixture
def wish(member: Any) -> Exemption:
    return Exemption.objects.create(
        entity=rows.service("checkout", rows.squad("payments")),
        check_id="PB-01",
        reason="The vendor's image has no endpoint yet.",
        requested_by=member,
        expires_on=timezone.now().date() + timedelta(days=30),
    )


def act(client: Any, action: str, wish: Exemption) -> Any:
    return client.post(LIST, {"action": action, "_selected_action": [wish.pk]}, follow=True)


def test_a_wish_is_approved_and_taken_back(client: Any, admin_user: Any, wish: Exemption) -> None:
    client.force_login(admin_user)

    act(client, "approve", wish)
    wish.refresh_from_db()
    assert (wish.state, wish.decided_by) == (ExemptionState.APPROVED, admin_user)

    act(client, "revoke", wish)
    wish.refresh_from_db()
    assert wish.state == ExemptionState.REVOKED


def test_what_cannot_be_done_is_said_on_the_list(
    client: Any, admin_user: Any, wish: Exemption
) -> None:
    client.force_login(admin_user)
    act(client, "reject", wish)

    answer = act(client, "approve", wish)

    (message,) = answer.context["messages"]
    assert (answer.status_code, message.level_tag) == (200, "error")
    wish.refresh_from_db()
    assert wish.state == ExemptionState.REJECTED
