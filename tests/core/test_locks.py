from __future__ import annotations

import os
import signal
import threading
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from django.db import connection

from flagstone.core.locks import is_still_held, one_of, only_one_at
from tests.forking import fork
from tests.waiting import tries

pytestmark = pytest.mark.django_db(transaction=True)

SUBJECT = UUID("3f0e6c1a-0000-4000-8000-000000000001")
OTHER = UUID("4f0e6c1a-0000-4000-8000-000000000001")


def test_one_at_a_time_for_one_subject():
    found = []

    def ask():
        for subject in (SUBJECT, OTHER):
            with only_one_at(subject) as is_ours:
                found.append(is_ours)
        connection.close()

    with only_one_at(SUBJECT) as is_ours:
        other = threading.Thread(target=ask)
        other.start()
        other.join()
    ask()
    assert is_ours is True
    assert found == [False, True, True, True]


def test_a_failure_gives_it_back():
    with pytest.raises(ZeroDivisionError), only_one_at(SUBJECT):
        raise ZeroDivisionError
    found = []

    def ask():
        with only_one_at(SUBJECT) as is_ours:
            found.append(is_ours)
        connection.close()

    other = threading.Thread(target=ask)
    other.start()
    other.join()
    assert found == [True]


def test_a_death_gives_it_back():
    pid = fork()
    if pid == 0:
        with only_one_at(SUBJECT):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    for _ in tries():
        with only_one_at(SUBJECT) as is_ours:
            if is_ours:
                return
    raise AssertionError("the lock of the dead process was never given back")


def test_so_many_at_a_time_and_no_more():
    found = []

    def ask():
        with one_of("rendering", 2) as is_ours:
            found.append(is_ours)
        connection.close()

    def asked_elsewhere():
        other = threading.Thread(target=ask)
        other.start()
        other.join()

    with one_of("rendering", 2) as is_ours:
        asked_elsewhere()
        with one_of("something else", 1) as is_free:
            asked_elsewhere()
    assert (is_ours, is_free, found) == (True, True, [True, True])
    with only_one_at(uuid5(NAMESPACE_URL, "rendering:0")):
        asked_elsewhere()
        with only_one_at(uuid5(NAMESPACE_URL, "rendering:1")):
            asked_elsewhere()
        asked_elsewhere()
    assert found[2:] == [True, False, True]


def test_a_lock_that_is_held_is_proven_by_the_connection_that_took_it():
    assert is_still_held(SUBJECT) is False
    with only_one_at(SUBJECT):
        assert is_still_held(SUBJECT) is True
        assert is_still_held(OTHER) is False
        found = []

        def ask():
            found.append(is_still_held(SUBJECT))
            connection.close()

        other = threading.Thread(target=ask)
        other.start()
        other.join()
        assert found == [False]
    assert is_still_held(SUBJECT) is False


def test_a_lock_went_with_its_connection_and_the_next_one_works():
    with only_one_at(SUBJECT), connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()

        def end():
            with connection.cursor() as another:
                another.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            connection.close()

        other = threading.Thread(target=end)
        other.start()
        other.join()
        assert is_still_held(SUBJECT) is False
        assert is_still_held(SUBJECT) is False
    with only_one_at(SUBJECT) as is_ours:
        assert is_ours is True
