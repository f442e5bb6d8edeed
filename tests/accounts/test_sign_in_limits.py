"""Guessing a password ends after five tries, whoever guesses, and is told the same for a name that nobody has."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"
LOCKED = "Too many tries. Wait 15 minutes and try again"


@pytest.fixture
def person(member):
    member.set_password(PASSWORD)
    member.save()
    return member


def attempt(name: str, password: str, path: str = "/sign-in", **extra: str):
    return Client().post(path, {"username": name, "password": password}, **extra)


def fail_often(name: str, times: int = 5, **extra: str):
    return [attempt(name, f"wrong-{n}", **extra).status_code for n in range(times)]


def entries() -> list[tuple[str, str, dict[str, str]]]:
    from flagstone.core.models import AuditEntry

    return list(
        AuditEntry.objects.filter(action__startswith="accounts.sign")
        .order_by("sequence")
        .values_list("action", "subject", "data")
    )


def test_four_wrong_tries_cost_nothing(person):
    assert fail_often("mia", 4) == [200] * 4
    assert attempt("mia", PASSWORD).status_code == 302
    # and a success starts the count anew
    assert fail_often("mia", 4) == [200] * 4


def test_after_five_not_even_the_right_password_is_looked_at(person):
    assert fail_often("mia") == [200] * 4 + [429]
    locked = attempt("mia", PASSWORD)
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900")
    assert LOCKED in locked.text
    assert attempt("mia", PASSWORD, "/admin/login/").status_code == 429
    assert ("accounts.sign_in_locked", "user:mia", {"address": "127.0.0.1"}) in entries()


def test_the_pause_ends_and_further_tries_do_not_prolong_it(person):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        fail_often("mia")
        clock.shift(timedelta(minutes=14))
        assert attempt("mia", PASSWORD).status_code == 429
        clock.shift(timedelta(minutes=2))
        assert attempt("mia", PASSWORD).status_code == 302


def test_a_name_that_nobody_has_is_answered_alike_and_not_kept(person):
    from axes.models import AccessAttempt

    assert fail_often("hunter2") == [200] * 4 + [429]
    assert LOCKED in attempt("hunter2", "x").text
    kept = [str(value) for row in AccessAttempt.objects.values() for value in row.values()]
    assert not any("hunter2" in text or "wrong-" in text for text in kept)
    assert "hunter2" not in str(entries())


def test_others_sign_in_while_somebody_guesses(person, lead):
    lead.set_password(PASSWORD)
    lead.save()
    fail_often("mia")
    assert attempt("leo", PASSWORD).status_code == 302
    # nobody can lock a person out from elsewhere
    assert attempt("mia", PASSWORD, REMOTE_ADDR="10.0.0.9").status_code == 302


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(person, settings):
    settings.FLAGSTONE_BEHIND_PROXY = True
    forged = [
        attempt("mia", "wrong", HTTP_X_FORWARDED_FOR=f"10.9.9.{n}, 192.0.2.7").status_code
        for n in range(5)
    ]
    assert forged == [200] * 4 + [429]
    other = attempt("mia", PASSWORD, HTTP_X_FORWARDED_FOR="10.9.9.1, 192.0.2.8")
    assert other.status_code == 302


def test_without_a_proxy_its_header_is_not_believed(person):
    codes = [
        attempt("mia", "wrong", HTTP_X_FORWARDED_FOR=f"10.9.9.{n}").status_code for n in range(5)
    ]
    assert codes == [200] * 4 + [429]


def test_the_platform_team_lets_somebody_try_again(person, admin_user, client):
    fail_often("mia")
    client.force_login(admin_user)
    client.post(
        "/admin/accounts/user/", {"action": "let_try_again", "_selected_action": [person.pk]}
    )
    assert attempt("mia", PASSWORD).status_code == 302
    assert ("accounts.sign_in_unlocked", "user:mia", {}) in entries()


def test_nobody_else_does(person, lead):
    from flagstone.accounts.sign_in_limits import let_try_again
    from flagstone.core.errors import Forbidden

    with pytest.raises(Forbidden, match="Only the platform team"):
        let_try_again(actor=lead, user=person)
