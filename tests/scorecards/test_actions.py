"""Exemptions need a reason, an end and a second person."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from flagstone.core.errors import Conflict, Forbidden, UserError

pytestmark = pytest.mark.django_db


@pytest.fixture
def entity(db):
    from flagstone.catalog.models import Entity, Location, LocationType

    location = Location.objects.create(type=LocationType.FILE, path="/x")
    now = timezone.now()
    return Entity.objects.create(
        ref="component:default/quote", api_version="backstage.io/v1alpha1", kind="Component",
        namespace="default", name="quote", location=location, source_path="x", source_index=0,
        source_line=1, fingerprint="f", created_at=now, changed_at=now,
    )  # fmt: skip


def _request(actor, entity, **fields):
    from flagstone.scorecards.actions import request_exemption

    wish = {
        "check_id": "PB-01",
        "reason": "Being retired this month.",
        "expires_on": timezone.now().date() + timedelta(days=10),
    }
    return request_exemption(actor=actor, entity=entity, **{**wish, **fields})


def test_asking_approving_and_revoking_are_in_the_audit_chain(entity, member, lead, audit_actions):
    from flagstone.scorecards.actions import decide_exemption, revoke_exemption

    wish = _request(member, entity)
    assert wish.state == "pending"
    approved = decide_exemption(actor=lead, exemption=wish, approve=True)
    assert (approved.state, approved.decided_by) == ("approved", lead)
    revoke_exemption(actor=member, exemption=approved)
    revoke_exemption(actor=member, exemption=approved)
    approved.refresh_from_db()
    assert approved.state == "revoked"
    assert audit_actions() == [
        "scorecards.exemption_requested",
        "scorecards.exemption_approved",
        "scorecards.exemption_revoked",
    ]


def test_nobody_approves_their_own(entity, lead):
    from flagstone.scorecards.actions import decide_exemption

    wish = _request(lead, entity)
    with pytest.raises(Forbidden, match="Nobody decides on their own exemption"):
        decide_exemption(actor=lead, exemption=wish, approve=True)
    wish.refresh_from_db()
    assert wish.state == "pending"


def test_a_member_does_not_approve(entity, member, make_user):
    from flagstone.scorecards.actions import decide_exemption

    wish = _request(member, entity)
    with pytest.raises(Forbidden, match="it needs the role Squad lead or above"):
        decide_exemption(actor=make_user("max"), exemption=wish, approve=True)


@pytest.mark.parametrize(
    ("_case", "fields", "message"),
    [
        ("no such check", {"check_id": "XX-99"}, "There is no check XX-99."),
        ("no reason", {"reason": "because"}, "Give a reason that the approver can judge"),
        (
            "already over",
            {"expires_on": timezone.now().date()},
            "An exemption ends after today and within 180 days.",
        ),
        (
            "for ever",
            {"expires_on": timezone.now().date() + timedelta(days=181)},
            "An exemption ends after today and within 180 days.",
        ),
    ],
)
def test_a_wrong_wish_is_refused(entity, member, _case, fields, message):
    from flagstone.scorecards.models import Exemption

    with pytest.raises(UserError, match=message):
        _request(member, entity, **fields)
    assert not Exemption.objects.exists()


def test_one_live_exemption_for_a_check(entity, member):
    _request(member, entity)
    with pytest.raises(Conflict, match="PB-01 of quote has an exemption already"):
        _request(member, entity)


def test_one_that_is_over_makes_room_for_the_next(entity, member, lead):
    from flagstone.core.models import AuditEntry
    from flagstone.scorecards.actions import decide_exemption
    from flagstone.scorecards.models import Exemption, ExemptionState

    old = decide_exemption(actor=lead, exemption=_request(member, entity), approve=True)
    with pytest.raises(Conflict, match="has an exemption already"):
        _request(member, entity)
    later = timezone.now() + timedelta(days=11)
    with time_machine.travel(later, tick=False):
        today = later.date()
        assert old.standing_on(today) == ExemptionState.EXPIRED
        assert list(Exemption.objects.in_force(today)) == []
        assert list(Exemption.objects.standing(ExemptionState.EXPIRED, today)) == [old]
        _request(member, entity, expires_on=today + timedelta(days=5))
    old.refresh_from_db()
    assert old.state == "expired"
    entries = AuditEntry.objects.order_by("sequence").values_list("action", "actor")
    assert list(entries)[-2:] == [
        ("scorecards.exemption_expired", "flagstone"),
        ("scorecards.exemption_requested", member.username),
    ]


def test_what_would_have_ended_cannot_be_approved(entity, member, lead):
    from flagstone.scorecards.actions import decide_exemption

    wish = _request(member, entity)
    with (
        time_machine.travel(timezone.now() + timedelta(days=11), tick=False),
        pytest.raises(Conflict, match=f"would have ended on {wish.expires_on}: ask for it again"),
    ):
        decide_exemption(actor=lead, exemption=wish, approve=True)
    wish.refresh_from_db()
    assert wish.state == "pending"


def test_only_services_are_exempted(entity, member):
    entity.kind = "System"
    with pytest.raises(UserError, match="quote is no service"):
        _request(member, entity)
