"""Rollbacks for programs: asked for with a key, watched, merged, and called healthy by CI."""

# ruff: noqa: F811 - the fixtures of another folder
from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from flagstone.delivery import pipeline
from tests.delivery.conftest import (  # noqa: F401 - fixtures
    REASON,
    bad,
    bare,
    enqueued,
    gitops,
    root,
    service,
)

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/api/v1/rollbacks"


def wish(**fields):
    return {"service": "quote", "reason": REASON} | fields


@pytest.fixture
def writer(client_of, member, service):
    return client_of(member, "write")


@pytest.fixture
def chief(client_of, lead, service):
    return client_of(lead, "write")


def test_from_the_wish_to_health(chief, bad):
    asked = chief.post(ADDRESS, wish(), format="json")
    body = asked.json()
    assert asked.status_code == 202
    assert {
        key: body[key]
        for key in ("service", "state", "reason", "reverted_commit", "reverted_title", "asked_by")
    } == {
        "service": "component:default/quote",
        "state": "asked",
        "reason": REASON,
        "reverted_commit": bad,
        "reverted_title": "Release 2",
        "asked_by": "leo",
    }
    assert (body["pull_request"], body["merged_at"], body["kept_promise"]) == (None, None, None)
    address = f"{ADDRESS}/{body['id']}"
    early = chief.post(f"{address}/healthy")
    assert (early.status_code, early.json()["code"]) == (409, "delivery.rollback_not_merged")
    pipeline.carry_out(UUID(body["id"]))
    merged = chief.get(address).json()
    assert (merged["state"], merged["is_merged_alone"]) == ("merged", True)
    assert chief.get(f"/api/v1/pull-requests/{merged['pull_request']}").json()["labels"] == [
        "rollback"
    ]
    healthy = chief.post(f"{address}/healthy").json()
    assert (healthy["state"], healthy["healthy_by"], healthy["kept_promise"]) == (
        "healthy", "leo", True,
    )  # fmt: skip
    assert chief.post(f"{address}/healthy").json() == healthy


def test_the_same_key_gives_the_same_rollback(writer):
    key = {"HTTP_IDEMPOTENCY_KEY": "pipeline-7"}
    first = writer.post(ADDRESS, wish(), format="json", **key).json()
    assert writer.post(ADDRESS, wish(), format="json", **key).json()["id"] == first["id"]
    other = writer.post(ADDRESS, wish(reason="Another reason"), format="json", **key)
    assert (other.status_code, other.json()["code"]) == (409, "delivery.idempotency_key_reused")
    assert writer.get(ADDRESS).json()["count"] == 1


def test_a_member_s_waits_and_somebody_else_merges_it(writer, chief):
    asked = writer.post(ADDRESS, wish(merge=False), format="json").json()
    pipeline.carry_out(UUID(asked["id"]))
    address = f"{ADDRESS}/{asked['id']}"
    assert chief.post(f"{address}/merge").status_code == 202
    pipeline.carry_out(UUID(asked["id"]))
    assert chief.get(address).json()["state"] == "merged"
    assert chief.post(f"{address}/merge").status_code == 409


def test_the_list_is_filtered(writer):
    writer.post(ADDRESS, wish(), format="json")
    count = lambda query: writer.get(f"{ADDRESS}?{query}").json()["count"]  # noqa: E731
    assert count("state=asked&service=quote") == 1
    assert count("state=healthy") == count("service=other") == 0
    assert writer.get(f"{ADDRESS}?state=bogus").status_code == 400


def test_a_token_that_only_reads(client_of, member, service):
    reader = client_of(member, "read")
    assert reader.get(ADDRESS).status_code == 200
    assert reader.post(ADDRESS, wish(), format="json").status_code == 403


@pytest.mark.parametrize(
    ("fields", "status", "place"),
    [
        ({"service": "nope"}, 404, None),
        ({"reason": ""}, 400, "reason"),
        ({"reason": "oops"}, 400, "reason"),
        ({"commit": "main"}, 400, "commit"),
        ({"commit": "1" * 40}, 404, None),
        ({"merge": "perhaps"}, 400, "merge"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said(writer, fields, status, place):
    answer = writer.post(ADDRESS, wish(**fields), format="json")
    assert answer.status_code == status
    if place:
        assert list(answer.json()["errors"]) == [place]
    assert writer.get(ADDRESS).json()["count"] == 0


def test_an_id_of_nowhere(writer):
    assert writer.get(f"{ADDRESS}/{uuid4()}").status_code == 404
    assert writer.post(f"{ADDRESS}/{uuid4()}/healthy").status_code == 404


def test_a_long_list_takes_the_same_number_of_queries(writer, django_assert_max_num_queries):
    writer.post(ADDRESS, wish(), format="json")
    with django_assert_max_num_queries(8):
        writer.get(ADDRESS)
