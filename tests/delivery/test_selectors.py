"""What is summed up of rollbacks: how often the promise was kept, and how long they took."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.catalog.models import Entity
from flagstone.core import jobs
from flagstone.core.errors import NotFound
from flagstone.delivery import selectors
from flagstone.delivery.models import Rollback
from flagstone.forge import pipeline
from flagstone.forge.models import Repository
from flagstone.scorecards.engine.measurements import Health, Measurements
from flagstone.scorecards.measuring import measurements


@pytest.fixture
def record(service: Entity, gitops: Repository, member: User) -> Any:
    """Write a rollback down that happened: minutes from its click to the merge and to health."""

    def make(
        state: str, *, clicked: datetime, merged: float | None = None, healthy: float | None = None
    ) -> Rollback:
        key = uuid4().hex
        return Rollback.objects.create(
            entity=service,
            entity_ref=service.ref,
            folder="services/quote",
            reverted_commit="1" * 40,
            reverted_title="Release 2",
            reverted_author="Hand",
            reverted_at=clicked,
            reason="because",
            asked_by=member,
            change_request=pipeline.record_change(
                requested_by=member,
                repository=gitops,
                title=f"Revert {key}",
                body="",
                files={"a": b""},
                source="test",
            ),
            job=jobs.create(kind="test", title="Roll back", steps=()),
            clicked_at=clicked,
            promised_by=clicked + timedelta(minutes=10),
            merged_at=clicked + timedelta(minutes=merged) if merged is not None else None,
            healthy_at=clicked + timedelta(minutes=healthy) if healthy is not None else None,
            state=state,
        )

    return make


def test_the_promise_is_counted_from_the_click(record: Any) -> None:
    now = timezone.now()
    for minutes in range(1, 10):
        record("healthy", clicked=now - timedelta(days=1), merged=0.5, healthy=minutes)
    record("healthy", clicked=now - timedelta(days=1), merged=1, healthy=10.5)
    record("merged", clicked=now - timedelta(minutes=5), merged=1)
    record("open", clicked=now - timedelta(minutes=11))
    record("unreported", clicked=now - timedelta(days=2), merged=1)
    record("unhealthy", clicked=now - timedelta(days=2), merged=1)
    record("closed", clicked=now - timedelta(days=2))
    record("healthy", clicked=now - timedelta(days=91), merged=1, healthy=500)
    found = selectors.promise_record(now - timedelta(days=90))
    assert (found.asked, found.healthy, found.kept, found.late) == (15, 10, 9, 3)
    assert found.from_click == timedelta(minutes=9)
    assert found.from_merge == timedelta(minutes=8.5)


def test_what_was_merged_is_measured_for_the_scorecard(record: Any, gitops: Repository) -> None:
    clicked = timezone.now() - timedelta(hours=1)
    record("closed", clicked=clicked)
    done = record("healthy", clicked=clicked, merged=2, healthy=6)

    (measured,) = measurements(gitops.pk, timezone.now())[done.entity_ref].rollbacks

    assert (measured.health, measured.healthy_at) == (Health.HEALTHY, done.healthy_at)
    assert measured.merged_at == done.merged_at


@pytest.mark.parametrize(
    ("state", "after", "known"),
    [
        ("healthy", 1, None),
        ("healthy", 3, (Health.WAITING, False)),
        ("healthy", 6, (Health.HEALTHY, True)),
        ("unhealthy", 3, (Health.WAITING, False)),
        ("unhealthy", 9, (Health.UNHEALTHY, False)),
        ("unreported", 3, (Health.WAITING, False)),
        ("unreported", 9, (Health.NOT_REPORTED, False)),
        ("merged", 3, (Health.WAITING, False)),
    ],
)
def test_at_an_earlier_moment_only_what_was_known_then(
    record: Any,
    gitops: Repository,
    state: str,
    after: float,
    known: tuple[Health, bool] | None,
) -> None:
    """Merged after two minutes, healthy after six or given up on after nine."""
    clicked = timezone.now() - timedelta(days=20)
    made = record(state, clicked=clicked, merged=2, healthy=6 if state == "healthy" else None)
    if state in {"unhealthy", "unreported"}:
        Rollback.objects.filter(pk=made.pk).update(ended_at=clicked + timedelta(minutes=9))

    found = measurements(gitops.pk, clicked + timedelta(minutes=after))

    measured = [
        (one.health, one.healthy_at is not None)
        for one in found.get(made.entity_ref, Measurements()).rollbacks
    ]
    assert measured == ([known] if known else [])


def test_without_any_there_is_no_number(db: None) -> None:
    found = selectors.promise_record(timezone.now())
    assert (found.asked, found.from_click, found.from_merge) == (0, None, None)


def test_a_service_is_known_by_its_name_after_the_catalogue_forgot_it(
    record: Any, service: Entity
) -> None:
    rollback = record("healthy", clicked=timezone.now(), merged=1, healthy=2)
    assert selectors.find_rollback(rollback.pk).service_name == "Quotes"
    service.delete()
    found = selectors.find_rollback(rollback.pk)
    assert (found.service_name, found.entity) == ("quote", None)


def test_an_id_of_nowhere_is_said(db: None) -> None:
    with pytest.raises(NotFound):
        selectors.find_rollback(uuid4())
