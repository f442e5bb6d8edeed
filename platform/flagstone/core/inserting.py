"""A row that many want to insert at once, and one does."""

from __future__ import annotations

from django.db import connection
from django.db.models import Model


def insert_once(row: Model) -> bool:
    """Insert a row unless one like it is there already, and tell whether it was new.

    One statement without a transaction around it: Django's way (`bulk_create` with `ignore_conflicts`) takes three,
    and does not tell.

    Args:
        row: With its own primary key; what the database gives a default to is left to it.
    """
    meta = row._meta  # noqa: SLF001 - Django's own name for it
    fields = [field for field in meta.concrete_fields if not field.has_db_default()]
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    quoted = [connection.ops.quote_name(str(field.column)) for field in fields]
    table = connection.ops.quote_name(meta.db_table)
    places = ", ".join(["%s"] * len(fields))
    statement = (
        f"INSERT INTO {table} ({', '.join(quoted)}) VALUES ({places}) ON CONFLICT DO NOTHING"  # noqa: S608 - names of ours
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount == 1)
