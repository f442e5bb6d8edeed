"""Exemptions on their pages: asked for at the check that fails, decided on by somebody else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

pytestmark = pytest.mark.django_db
ASK = "/catalog/component/default/quote/exempt/PB-01"
REASON = "The vendor's image has no endpoint yet; the gateway retries meanwhile."


@pytest.fixture
def quote(db):
    from flagstone.catalog.models import Entity, Location, LocationType

    location = Location.objects.create(type=LocationType.FILE, path="/x")
    now = timezone.now()
    return Entity.objects.create(
        ref="component:default/quote", api_version="backstage.io/v1alpha1", kind="Component",
        namespace="default", name="quote", title="Quote", location=location, source_path="x",
        source_index=0, source_line=1, fingerprint="f", created_at=now, changed_at=now,
    )  # fmt: skip


def ask(client, person, **fields):
    client.force_login(person)
    wish = {
        "reason": REASON,
        "expires_on": (timezone.now().date() + timedelta(days=30)).isoformat(),
    }
    return client.post(ASK, wish | fields)


def the_one():
    from flagstone.scorecards.models import Exemption

    return Exemption.objects.get()


def test_the_form_says_what_is_asked_for(client, member, quote):
    client.force_login(member)
    page = client.get(ASK)
    assert page.status_code == 200
    assert "Ask for an exemption" in page.text
    assert "Quote may fail" in page.text
    assert f'value="{timezone.now().date() + timedelta(days=30)}"' in page.text


def test_asking_leads_back_to_the_service_and_waits_for_somebody_else(client, member, lead, quote):
    answer = ask(client, member)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        "/catalog/component/default/quote/scorecards",
    )
    wish = the_one()
    assert (wish.check_id, wish.reason, wish.state, wish.requested_by) == (
        "PB-01",
        REASON,
        "pending",
        member,
    )
    mine = client.get("/exemptions").text
    assert REASON.replace("'", "&#x27;") in mine
    assert "Approve" not in mine
    assert "Withdraw" in mine
    client.force_login(lead)
    theirs = client.get("/exemptions").text
    assert "Approve" in theirs
    assert "Withdraw" not in theirs


def test_deciding_and_revoking(client, member, lead, quote, audit_actions):
    ask(client, member)
    client.force_login(lead)
    answer = client.post(
        f"/exemptions/{the_one().pk}/decide",
        {"verdict": "approve", "next": "/exemptions?of=waiting"},
    )
    assert answer.headers["Location"] == "/exemptions?of=waiting"
    assert (the_one().state, the_one().decided_by) == ("approved", lead)
    assert "Nothing waits for a decision" in client.get("/exemptions").text
    assert "Revoke" in client.get("/exemptions?of=in-force").text
    client.post(f"/exemptions/{the_one().pk}/revoke", {"next": "https://elsewhere.example/"})
    assert the_one().state == "revoked"
    assert "Quote" in client.get("/exemptions?of=ended").text
    assert [name for name in audit_actions() if name.startswith("scorecards")] == [
        "scorecards.exemption_requested",
        "scorecards.exemption_approved",
        "scorecards.exemption_revoked",
    ]


def test_nobody_decides_on_their_own(client, lead, quote):
    ask(client, lead)
    answer = client.post(f"/exemptions/{the_one().pk}/decide", {"verdict": "approve"})
    assert answer.status_code == 403
    assert "Nobody decides on their own exemption" in answer.text
    assert the_one().state == "pending"


def test_a_wish_of_ones_own_is_withdrawn(client, member, quote):
    ask(client, member)
    answer = client.post(f"/exemptions/{the_one().pk}/revoke", follow=True)
    assert "is withdrawn." in answer.text
    assert "counts again" not in answer.text
    assert the_one().state == "revoked"


def test_a_member_neither_decides_nor_revokes_what_others_asked_for(client, member, lead, quote):
    ask(client, lead)
    client.force_login(member)
    for address in ("decide", "revoke"):
        answer = client.post(f"/exemptions/{the_one().pk}/{address}", {"verdict": "approve"})
        assert answer.status_code == 403
    assert the_one().state == "pending"


def test_a_viewer_reads_only(client, make_user, quote):
    viewer = make_user("vic", role="viewer")
    client.force_login(viewer)
    assert client.get("/exemptions").status_code == 200
    assert ask(client, viewer).status_code == 403


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reason": ""}, "Give a reason that the approver can judge."),
        (
            {"reason": "because"},
            "Give a reason that the approver can judge: one sentence at least.",
        ),
        ({"reason": "x" * 2001}, "Ensure this value has at most 2000 characters (it has 2001)."),
        ({"expires_on": "never"}, "Enter a valid date."),
        ({"expires_on": "2020-01-01"}, "An exemption ends after today and within 180 days."),
        ({"expires_on": "2999-01-01"}, "An exemption ends after today and within 180 days."),
    ],
)
def test_what_is_wrong_is_said_on_the_form_and_nothing_is_lost(
    client, member, quote, fields, message
):
    from flagstone.scorecards.models import Exemption

    answer = ask(client, member, **fields)
    assert answer.status_code == 422
    assert message in answer.text
    assert fields.get("reason", "The vendor&#x27;s image") in answer.text
    assert not Exemption.objects.exists()


def test_asking_twice_is_told(client, member, quote):
    ask(client, member)
    answer = ask(client, member)
    assert answer.status_code == 422
    assert "PB-01 of quote has an exemption already, asked for or approved." in answer.text


def test_a_reason_is_text(client, member, quote):
    ask(client, member, reason="<script>alert(1)</script> {{ 7*7 }}")
    page = client.get("/exemptions").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }}" in page


@pytest.mark.parametrize("check", ["XX-99", "..", "PB-01%00"])
def test_a_check_that_is_not_there(client, member, quote, check):
    client.force_login(member)
    assert client.get(f"/catalog/component/default/quote/exempt/{check}").status_code in (400, 404)


def test_the_list_is_narrowed(client, member, quote):
    quote.owner_ref = "group:default/squad-a"
    quote.save()
    ask(client, member)
    assert "Quote" in client.get("/exemptions?squad=group:default/squad-a&check=PB-01").text
    for query in ("squad=group:default/squad-b", "check=PB-02"):
        assert "None fits" in client.get(f"/exemptions?{query}").text


def test_what_ran_out_stands_among_the_ended(client, member, lead, quote):
    ask(client, member)
    client.force_login(lead)
    client.post(f"/exemptions/{the_one().pk}/decide", {"verdict": "approve"})
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        client.force_login(lead)
        assert "No check is exempt" in client.get("/exemptions?of=in-force").text
        page = client.get("/exemptions?of=ended").text
        assert "ended" in page
        assert "Revoke" not in page


def test_an_unknown_exemption(client, lead):
    client.force_login(lead)
    assert client.post("/exemptions/999/decide", {"verdict": "approve"}).status_code == 404
    assert client.post("/exemptions/999/revoke").status_code == 404


def test_a_date_far_away_is_no_error(client, member):
    client.force_login(member)
    assert date.max > timezone.now().date()
    assert client.get("/exemptions?of=bogus&page=99999999999").status_code == 200
