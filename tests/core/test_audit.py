"""The chain holds, and every kind of tampering is found at its place."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from flagstone.core import audit
from flagstone.core.models import AuditEntry

pytestmark = pytest.mark.django_db


def _three_entries(member):
    for number in (1, 2, 3):
        audit.record(
            actor=member,
            action="test.happened",
            subject=f"thing:{number}",
            data={"n": number, "ü": [1.5, None]},
        )


def test_entries_are_numbered_and_each_carries_the_hash_of_the_one_before(member):
    _three_entries(member)
    entries = list(AuditEntry.objects.order_by("sequence"))
    assert [e.sequence for e in entries] == [1, 2, 3]
    assert [e.previous_hash for e in entries] == [audit.GENESIS, entries[0].hash, entries[1].hash]
    assert entries[0].actor == "mia"
    assert audit.verify() == audit.Verdict(entries=3, head=entries[2].hash)


def test_the_system_acts_under_its_own_name(db):
    assert audit.record(actor=None, action="test.happened", subject="thing:1").actor == "flagstone"


def test_an_empty_chain_holds(db):
    assert audit.verify() == audit.Verdict(entries=0, head=audit.GENESIS)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditentry SET actor = 'eve' WHERE sequence = 2",
        "DELETE FROM core_auditentry WHERE sequence = 2",
        "TRUNCATE core_auditentry",
    ],
)
def test_the_database_refuses_to_change_an_entry(member, statement):
    _three_entries(member)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert audit.verify().entries == 3


@pytest.mark.parametrize(
    ("_case", "tamper", "broken_at", "reason"),
    [
        (
            "content",
            lambda e: setattr(e[1], "actor", "eve"),
            2,
            "its content was changed after it was written",
        ),
        ("removed", lambda e: e.pop(1), 3, "entry 2 is missing"),
        ("first removed", lambda e: e.pop(0), 2, "entry 1 is missing"),
        (
            "hash replaced",
            lambda e: setattr(e[1], "hash", "f" * 64),
            2,
            "its content was changed after it was written",
        ),
        (
            "link replaced",
            lambda e: setattr(e[2], "previous_hash", "f" * 64),
            3,
            "it does not continue the entry before it",
        ),
    ],
)
def test_tampering_is_found_at_the_first_bad_entry(member, _case, tamper, broken_at, reason):
    _three_entries(member)
    entries = list(AuditEntry.objects.order_by("sequence"))
    tamper(entries)
    verdict = audit.verify(entries)
    assert (verdict.holds, verdict.broken_at, verdict.reason) == (False, broken_at, reason)


def test_a_rolled_back_change_leaves_no_entry(member):
    with transaction.atomic():
        audit.record(actor=member, action="test.happened", subject="thing:1")
        transaction.set_rollback(True)
    assert audit.verify().entries == 0
