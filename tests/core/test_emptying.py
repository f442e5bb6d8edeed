"""After a test that commits, the database is as before it and guards the audit chain again."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import DatabaseError, connection

from flagstone.core import audit
from tests.emptying import KEPT, empty

pytestmark = pytest.mark.django_db(transaction=True)


def rows():
    with connection.cursor() as cursor:
        counted = {}
        for table in connection.introspection.django_table_names(only_existing=True):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            counted[table] = cursor.fetchone()[0]
    return counted


def test_what_was_written_goes_and_what_the_migrations_wrote_stays(lead, member):
    before = rows()
    audit.record(actor=member, action="test.happened", subject="thing:1")
    member.user_permissions.add(1)

    empty("default")

    assert {table for table, count in rows().items() if count} <= KEPT
    assert {table: before[table] for table in KEPT & set(before)} == {
        table: count for table, count in rows().items() if table in KEPT
    }
    assert rows()["django_content_type"] == len(apps.get_models(include_auto_created=False))


def test_the_guard_of_the_audit_chain_is_back(member):
    empty("default")
    audit.record(actor=None, action="test.happened", subject="thing:1")

    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_auditentry")
