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


def test_a_database_that_does_not_run_is_told(tmp_path):
    done = _verify(FLAGSTONE_HOME=str(tmp_path / "none"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("flagstone: the database cannot be read: ")
    assert done.stderr.endswith("or set DATABASE_URL to the one of your Flagstone.\n")


def test_a_changed_entry_is_named(run, chain):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_auditentry_no_change")
        cursor.execute("UPDATE core_auditentry SET subject = 'thing:9' WHERE sequence = 2")
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER core_auditentry_no_change")
    done = run("audit", "verify")
    assert done.out == (
        "The chain is broken at entry 2: its content was changed after it was written.\n"
        "The 1 entries before it hold.\n"
    )
    assert done.status == 1


def _cut_off_after(sequence: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_auditentry_no_change")
        cursor.execute("DELETE FROM core_auditentry WHERE sequence > %s", [sequence])
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER core_auditentry_no_change")


def test_the_head_is_an_anchor_that_holds_while_the_chain_grows(run, chain, make_user):
    from flagstone.core import audit

    head = run("audit", "head")
    assert (head.status, head.out) == (0, f"3:{chain.head}\n")
    last = audit.record(actor=None, action="test.happened", subject="thing:4")
    done = run("audit", "verify", "--anchor", head.out.strip())
    assert (done.status, done.out) == (
        0,
        f"The chain holds: 4 entries, head {last.hash}\n",
    )


def test_an_end_that_was_cut_off_is_noticed_with_an_anchor_only(run, chain):
    _cut_off_after(2)
    assert run("audit", "verify").status == 0
    done = run("audit", "verify", "--anchor", f"3:{chain.head}")
    assert (done.status, done.out) == (
        1,
        (
            "The chain is broken at entry 3: the end is cut off: the anchor is of entry 3, which is not there.\n"
            "The 2 entries before it hold.\n"
        ),
    )


def test_a_chain_that_was_written_anew_is_noticed(run, chain):
    from flagstone.core import audit

    _cut_off_after(2)
    audit.record(actor=None, action="test.happened", subject="thing:other")
    done = run("audit", "verify", "--anchor", f"3:{chain.head}")
    assert (done.status, done.out) == (
        1,
        (
            "The chain is broken at entry 3: it is not the entry that the anchor was taken of: "
            "the chain was written anew.\nThe 2 entries before it hold.\n"
        ),
    )


def test_an_empty_chain_has_an_anchor_too(run, transactional_db):
    head = run("audit", "head")
    assert (head.status, head.out) == (0, f"0:{'0' * 64}\n")
    assert run("audit", "verify", "--anchor", head.out.strip()).status == 0


@pytest.mark.parametrize(
    ("anchor", "reason"),
    [
        ("3", "it is NUMBER:HASH, as `audit head` prints it"),
        (f"x:{'0' * 64}", "it is NUMBER:HASH, as `audit head` prints it"),
        (f"-1:{'0' * 64}", "it is NUMBER:HASH, as `audit head` prints it"),
        ("3:abc", "its hash must be 64 hexadecimal digits"),
    ],
)
def test_what_is_no_anchor_is_told(run, chain, anchor, reason):
    done = run("audit", "verify", f"--anchor={anchor}")
    assert (done.status, done.out) == (2, "")
    assert done.err == f"flagstone: {anchor!r} is not an anchor: {reason}.\n"
