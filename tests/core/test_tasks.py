"""A broker that is down undoes nothing: the row is there, and a sweep finds it."""

from __future__ import annotations

import logging

import pytest
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_broker_that_is_down_is_logged_and_the_change_stays(monkeypatch, caplog, make_user):
    from flagstone.accounts.models import User
    from flagstone.core.tasks import FlagstoneTask

    @shared_task(base=FlagstoneTask, name="test.nothing")
    def nothing() -> None:
        """Nothing."""

    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("redis://bot:secret@broker:6379 refused")

    monkeypatch.setattr(nothing, "delay", refuse)
    with caplog.at_level(logging.WARNING), transaction.atomic():
        make_user("kim")
        nothing.delay_on_commit()
    assert User.objects.filter(username="kim").exists()
    assert "no worker could be told of test.nothing" in caplog.text
    assert "secret" not in caplog.text
