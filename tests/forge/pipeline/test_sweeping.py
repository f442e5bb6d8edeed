from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.forge import pipeline
from flagstone.forge.models import ChangeRequest, Repository
from flagstone.forge.pipeline import sweeping


def make_stuck(*changes: ChangeRequest) -> None:
    pks = [change.pk for change in changes]
    ChangeRequest.objects.filter(pk__in=pks).update(
        touched_at=timezone.now() - timedelta(minutes=5)
    )


def another(repository: Repository, member: User, number: int) -> ChangeRequest:
    return pipeline.record_change(
        requested_by=member,
        repository=repository,
        title=f"C{number}",
        body="",
        files={"a": b"1"},
        source="x",
    )


def test_a_stuck_change_is_claimed_once(change: ChangeRequest) -> None:
    make_stuck(change)
    assert pipeline.claim_stuck_changes() == [change.pk]
    assert pipeline.claim_stuck_changes() == []


def test_a_change_that_was_just_asked_for_is_left_to_its_message(change: ChangeRequest) -> None:
    assert pipeline.claim_stuck_changes() == []


def test_a_sweep_takes_a_few_at_once(
    gitops: Repository, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MOST_AT_ONCE", 2)
    make_stuck(*(another(gitops, member, number) for number in range(3)))
    assert [len(pipeline.claim_stuck_changes()) for _ in range(3)] == [2, 1, 0]


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_take_different_changes(gitops: Repository, member: User) -> None:
    first, second = another(gitops, member, 1), another(gitops, member, 2)
    make_stuck(first, second)

    results: list[list[object]] = []

    def sweep() -> None:
        results.append(list(pipeline.claim_stuck_changes()))
        connection.close()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM forge_changerequest WHERE id = %s FOR UPDATE", [first.pk])
        thread = threading.Thread(target=sweep)
        thread.start()
        thread.join(10)
    assert results == [[second.pk]]
