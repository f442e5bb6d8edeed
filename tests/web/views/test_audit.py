from __future__ import annotations

import csv
import io
import json

import pytest
from django.db import connection
from django.test import Client

from flagstone.accounts.models import User
from flagstone.core import audit
from flagstone.core.models import AuditEntry


@pytest.fixture
def trail(db: None) -> None:
    for number in range(3):
        audit.record(actor=None, action="catalog.registered", subject=f"location:{number}")
    audit.record(actor=None, action="forge.merged", subject="pull:7", data={"note": "=1+1"})


def sequences(response: object) -> list[int]:
    return [entry.sequence for entry in response.context["page"].entries]  # type: ignore[attr-defined]


def in_session(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def test_the_platform_team_reads_it_newest_first(
    client: Client, admin_user: User, trail: None
) -> None:
    response = in_session(client, admin_user).get("/audit")
    assert sequences(response) == [5, 4, 3, 2, 1]  # signing in is the fifth


@pytest.mark.parametrize("path", ["/audit", "/audit/export.csv", "/audit/export.jsonl"])
def test_others_are_refused(client: Client, lead: User, path: str) -> None:
    assert in_session(client, lead).get(path).status_code == 403


def test_others_cannot_verify(client: Client, lead: User) -> None:
    assert in_session(client, lead).post("/audit/verify").status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"action": "catalog"}, [3, 2, 1]),
        ({"action": "forge.merged"}, [4]),
        ({"subject": "LOCATION:1"}, [2]),
        ({"actor": "ada"}, [5]),
        ({"until": "2001-01-01"}, []),
        ({"before": "3"}, [2, 1]),
        ({"before": "x", "since": "not a date"}, [5, 4, 3, 2, 1]),
    ],
)
def test_the_filter(
    client: Client, admin_user: User, trail: None, query: dict[str, str], found: list[int]
) -> None:
    assert sequences(in_session(client, admin_user).get("/audit", query)) == found


def test_a_page_holds_fifty(client: Client, admin_user: User, db: None) -> None:
    for number in range(51):
        audit.record(actor=None, action="catalog.registered", subject=f"location:{number}")
    response = in_session(client, admin_user).get("/audit")
    assert len(sequences(response)) == 50
    assert 'href="/audit?before=3"' in response.text
    assert sequences(client.get("/audit?before=3")) == [2, 1]


def test_a_whole_chain_holds(client: Client, admin_user: User, trail: None) -> None:
    response = in_session(client, admin_user).post("/audit/verify")
    assert "all 5 entries fit" in response.text


def test_a_changed_entry_is_named(client: Client, admin_user: User, trail: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE core_auditentry SET subject = 'location:9' WHERE sequence = 2")
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER USER")
    response = in_session(client, admin_user).post("/audit/verify", headers={"HX-Request": "true"})
    assert "The chain breaks at entry 2" in response.text
    assert "<html" not in response.text


def test_the_spreadsheet_gets_text_and_no_formula(
    client: Client, admin_user: User, trail: None
) -> None:
    audit.record(actor=None, action="catalog.registered", subject="=HYPERLINK(1)")
    response = in_session(client, admin_user).get("/audit/export.csv?action=catalog")
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    assert [row["subject"] for row in rows] == [
        "location:0",
        "location:1",
        "location:2",
        "'=HYPERLINK(1)",
    ]
    assert rows[0]["hash"] == AuditEntry.objects.get(sequence=1).hash


def test_the_lines_hold_the_whole_entry(client: Client, admin_user: User, trail: None) -> None:
    response = in_session(client, admin_user).get("/audit/export.jsonl?action=forge.merged")
    (line,) = response.getvalue().decode().splitlines()
    assert json.loads(line)["data"] == {"note": "=1+1"}
