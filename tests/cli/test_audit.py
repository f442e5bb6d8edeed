"""`flagstone audit verify` as an auditor runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("flagstone")


def _verify(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "audit", "verify"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def _test_database() -> str:
    from django.db import connection

    return f"postgresql://flagstone@/{connection.settings_dict['NAME']}?host={connection.settings_dict['HOST']}"


@pytest.fixture
def chain(transactional_db, make_user):
    from flagstone.core import audit

    person = make_user("vera")
    for number in (1, 2, 3):
        audit.record(actor=person, action="test.happened", subject=f"thing:{number}")
    return audit.verify()


def test_a_whole_chain_holds(chain):
    done = _verify(DATABASE_URL=_test_database(), FLAGSTONE_SECRET_KEY="x" * 50)
    assert done.stdout == f"The chain holds: 3 entries, head {chain.head}\n"
    assert done.returncode == 0


def test_a_changed_entry_is_named(chain):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_auditentry_no_change")
        cursor.execute("UPDATE core_auditentry SET subject = 'thing:9' WHERE sequence = 2")
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER core_auditentry_no_change")
    done = _verify(DATABASE_URL=_test_database(), FLAGSTONE_SECRET_KEY="x" * 50)
    assert done.stdout == (
        "The chain is broken at entry 2: its content was changed after it was written.\n"
        "The 1 entries before it hold.\n"
    )
    assert done.returncode == 1


def test_a_database_that_does_not_run_is_told(tmp_path):
    done = _verify(FLAGSTONE_HOME=str(tmp_path / "none"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("flagstone: the database cannot be read: ")
    assert done.stderr.endswith("or set DATABASE_URL to the one of your Flagstone.\n")
