"""Exemptions for programs: asked for, listed, decided on, revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.scorecards.conftest import gitops  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "The vendor's image has no endpoint yet."


def wish(**fields: str) -> dict[str, str]:
    end = (timezone.now().date() + timedelta(days=30)).isoformat()
    return {"service": "quote", "check_id": "PB-01", "reason": REASON, "expires_on": end} | fields


@pytest.fixture
def asker(client_of, member, gitops):  # noqa: F811
    return client_of(member, "write")


@pytest.fixture
def approver(client_of, lead):
    return client_of(lead, "write")


def test_from_the_wish_to_its_end(asker, approver):
    made = asker.post("/api/v1/exemptions", wish(), format="json")
    body = made.json()
    assert made.status_code == 201
    assert {
        key: body[key] for key in ("service", "check_id", "state", "reason", "requested_by")
    } == {
        "service": "component:default/quote",
        "check_id": "PB-01",
        "state": "pending",
        "reason": REASON,
        "requested_by": "mia",
    }
    assert (body["decided_by"], body["decided_at"]) == (None, None)
    address = f"/api/v1/exemptions/{body['id']}"
    approved = approver.post(f"{address}/decide", {"approve": True}, format="json").json()
    assert (approved["state"], approved["decided_by"]) == ("approved", "leo")
    assert approver.post(f"{address}/decide", {"approve": False}, format="json").status_code == 409
    assert asker.post(f"{address}/revoke").json()["state"] == "revoked"
    assert asker.get(address).json()["state"] == "revoked"


def test_the_list_is_filtered(asker):
    asker.post("/api/v1/exemptions", wish(), format="json")
    count = lambda query: asker.get(f"/api/v1/exemptions?{query}").json()["count"]  # noqa: E731
    assert count("") == 1
    assert count("state=pending&check=PB-01&service=quote&owner=squad-a") == 1
    assert count("state=approved") == count("check=PB-02") == count("service=other") == 0
    assert asker.get("/api/v1/exemptions?state=bogus").status_code == 400


def test_nobody_decides_on_their_own(asker, client_of, member):
    made = asker.post("/api/v1/exemptions", wish(), format="json").json()
    member.role = "squad_lead"
    member.save()
    answer = asker.post(f"/api/v1/exemptions/{made['id']}/decide", {"approve": True}, format="json")
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("Nobody decides on their own exemption")


def test_a_token_that_only_reads(client_of, member, gitops):  # noqa: F811
    reader = client_of(member, "read")
    assert reader.get("/api/v1/exemptions").status_code == 200
    assert reader.post("/api/v1/exemptions", wish(), format="json").status_code == 403


@pytest.mark.parametrize(
    ("fields", "status", "place"),
    [
        ({"service": "nope"}, 404, None),
        ({"service": "a b:c"}, 404, None),
        ({"check_id": "XX-99"}, 422, None),
        ({"reason": "because"}, 400, "reason"),
        ({"expires_on": "soon"}, 400, "expires_on"),
        ({"expires_on": "2020-01-01"}, 422, None),
    ],
)
def test_a_bad_wish_is_told(asker, fields, status, place):
    answer = asker.post("/api/v1/exemptions", wish(**fields), format="json")
    assert answer.status_code == status
    assert place is None or place in answer.json()["errors"]


def test_a_decision_has_to_be_one(asker, approver):
    made = asker.post("/api/v1/exemptions", wish(), format="json").json()
    answer = approver.post(f"/api/v1/exemptions/{made['id']}/decide", {}, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["approve"])
    assert (
        approver.post("/api/v1/exemptions/999/decide", {"approve": True}, format="json").status_code
        == 404
    )
