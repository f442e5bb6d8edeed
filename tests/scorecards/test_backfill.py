"""The weeks before the first look, as Git has them: the right days, nothing overwritten, no commit judged twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.scorecards.conftest import begin_gitops, service_files, use_small_scorecard

pytestmark = pytest.mark.django_db(transaction=True)
GOOD, BAD = (100, 1), (50, 0)  # score and rank of the level, with probes and without


def ago(days):
    return datetime.now(UTC) - timedelta(days=days)


@pytest.fixture
def card(settings, tmp_path):
    return use_small_scorecard(settings, tmp_path / "scorecards")


@pytest.fixture
def history(admin_user, card):
    """`checkout` got its probes 10 days ago; `quote` came 25 days ago and stayed as it was."""
    return begin_gitops(
        admin_user,
        {
            ago(39): {"README.md": b"Begin\n"},
            ago(38): service_files("checkout", probes=False),
            ago(25): service_files("quote"),
            ago(10): service_files("checkout"),
        },
    )


def _snapshots(name):
    """Days ago → score."""
    from flagstone.scorecards.models import ScoreSnapshot

    today = timezone.now().date()
    rows = ScoreSnapshot.objects.filter(entity__ref=f"component:default/{name}")
    return {(today - row.day).days: (row.score, row.level_rank) for row in rows}


@pytest.fixture
def judged(monkeypatch):
    """The moments as of which something was judged, as days ago."""
    from flagstone.scorecards import pipeline

    moments, plain = [], pipeline.evaluate

    def evaluate(*arguments, now, **options):
        moments.append((timezone.now().date() - now.date()).days)
        return plain(*arguments, now=now, **options)

    monkeypatch.setattr(pipeline, "evaluate", evaluate)
    return moments


def _backfill(history, **options):
    from flagstone.scorecards.pipeline import backfill

    return backfill(history.repository.pk, **options)


def test_week_ends_are_written_as_git_has_them(history):
    from flagstone.scorecards.models import CheckChange, CheckResult, ServiceScore

    models = (CheckChange, CheckResult, ServiceScore)
    before = [list(model.objects.order_by("pk").values()) for model in models]
    assert _backfill(history) == 8
    assert _snapshots("checkout") == {0: GOOD, 7: GOOD, 14: BAD, 21: BAD, 28: BAD, 35: BAD}
    assert _snapshots("quote") == {0: GOOD, 7: GOOD, 14: GOOD, 21: GOOD}
    assert [list(model.objects.order_by("pk").values()) for model in models] == before


def test_a_commit_is_judged_once_as_of_the_latest_week_that_it_stood(history, judged):
    _backfill(history)
    assert judged == [7, 14, 28]


def test_again_writes_nothing_and_judges_only_what_is_lacking(history, judged):
    _backfill(history)
    before = _snapshots("checkout") | _snapshots("quote")
    judged.clear()
    assert _backfill(history) == 0
    assert judged == []  # before `quote` was there, no file has its name
    assert _snapshots("checkout") | _snapshots("quote") == before


def test_what_was_measured_stays(history):
    from flagstone.catalog.models import Entity
    from flagstone.scorecards.models import ScoreSnapshot

    measured = ScoreSnapshot(
        slug="production-readiness",
        entity=Entity.objects.get(ref="component:default/checkout"),
        day=timezone.now().date() - timedelta(days=16),
        score=3,
        level_rank=0,
    )
    measured.save()
    _backfill(history)
    assert _snapshots("checkout") == {0: GOOD, 16: (3, 0), 21: BAD, 28: BAD, 35: BAD}


def test_one_that_was_stopped_goes_on(history, judged):
    _backfill(history, weeks=2)
    assert _snapshots("checkout") == {0: GOOD, 7: GOOD, 14: BAD}
    judged.clear()
    assert _backfill(history) == 4
    assert judged == [14, 28]
    assert _snapshots("checkout") == {0: GOOD, 7: GOOD, 14: BAD, 21: BAD, 28: BAD, 35: BAD}


def test_services_that_the_catalogue_does_not_know_have_no_past(history):
    from flagstone.catalog.models import Entity

    Entity.objects.filter(ref="component:default/quote").delete()
    assert _backfill(history) == 5


def test_past_weeks_are_judged_by_the_rules_of_today(history, card):
    text, today = card.read_text(), timezone.now().date()
    for starts, score in ((today, BAD), (today + timedelta(days=1), (100, 1))):
        card.write_text(text.replace("{id: PB-01,", f"{{id: PB-01, enforced_from: {starts},"))
        _forget_the_past()
        _backfill(history)
        assert _snapshots("checkout")[14] == score


def test_an_exemption_counts_from_its_decision_on(history, member, lead):
    from flagstone.catalog.models import Entity
    from flagstone.scorecards.actions import decide_exemption, request_exemption
    from flagstone.scorecards.models import Exemption

    wish = request_exemption(
        actor=member,
        entity=Entity.objects.get(ref="component:default/checkout"),
        check_id="PB-01",
        reason="Being retired this month.",
        expires_on=timezone.now().date() + timedelta(days=20),
    )
    decide_exemption(actor=lead, exemption=wish, approve=True)
    Exemption.objects.update(decided_at=ago(30))
    _backfill(history)
    scores = {day: score for day, (score, _) in _snapshots("checkout").items()}
    assert scores[14] == scores[21] == scores[28] > BAD[0]
    Exemption.objects.update(decided_at=ago(13))
    _forget_the_past()
    _backfill(history)
    assert _snapshots("checkout")[14] == BAD


def test_a_rollback_counts_from_its_merge_on(history, card, member):
    from flagstone.scorecards.models import ScoreSnapshot

    card.write_text(card.read_text() + "    - {id: RB-06, level: bronze, weight: 2}\n")
    record_slow_rollback(history, member, merged_at=ago(20))
    ScoreSnapshot.objects.all().delete()
    _backfill(history)
    assert _snapshots("checkout")[28] == BAD
    assert _snapshots("checkout")[14][0] == 25  # one check in four points, for RB-06 failed
    assert _snapshots("quote")[14] == GOOD


def record_slow_rollback(history, by, *, merged_at):
    """A rollback of `checkout` that took an hour to be healthy."""
    from flagstone.catalog.models import Entity
    from flagstone.core import jobs
    from flagstone.delivery.models import Rollback
    from flagstone.forge import pipeline

    entity = Entity.objects.get(ref="component:default/checkout")
    Rollback.objects.create(
        entity=entity,
        entity_ref=entity.ref,
        folder="services/checkout",
        reverted_commit="1" * 40,
        reverted_title="Release 2",
        reverted_author="Hand",
        reverted_at=merged_at,
        reason="because",
        asked_by=by,
        change_request=pipeline.record_change(
            requested_by=by,
            repository=history.repository,
            title="Revert",
            body="",
            files={"a": b""},
            source="test",
        ),
        job=jobs.create(kind="test", title="Roll back", steps=()),
        clicked_at=merged_at,
        promised_by=merged_at + timedelta(minutes=10),
        merged_at=merged_at,
        healthy_at=merged_at + timedelta(hours=1),
        state="healthy",
    )


def _forget_the_past():
    from flagstone.scorecards.models import ScoreSnapshot

    ScoreSnapshot.objects.filter(day__lt=timezone.now().date()).delete()


@pytest.fixture
def asked(monkeypatch):
    """The repositories whose past was asked for."""
    from flagstone.scorecards import tasks

    ids = []
    monkeypatch.setattr(tasks.backfill_history, "delay", ids.append)
    return ids


def test_services_that_are_scored_for_the_first_time_ask_for_their_past(asked, history):
    assert asked == [history.repository.pk]
    history.look()
    assert asked == [history.repository.pk]
    history.push(service_files("payouts"))
    history.look()
    assert asked == [history.repository.pk] * 2


def test_the_task_fills_in_the_past_on_the_queue_of_evaluations(history):
    from flagstone.config.celery import app
    from flagstone.scorecards.tasks import backfill_history

    backfill_history(history.repository.pk)
    assert set(_snapshots("quote")) == {0, 7, 14, 21}
    assert app.amqp.router.route({}, backfill_history.name)["queue"].name == "evaluate"


def test_a_service_made_today_costs_no_look_at_the_past(history, judged):
    _backfill(history)
    history.push(service_files("payouts"))
    history.look()
    judged.clear()
    assert _backfill(history) == 0
    assert judged == []


def test_the_nightly_look_fills_in_what_no_message_told_of(history, judged):
    from flagstone.scorecards.pipeline import evaluate_all

    evaluate_all()
    assert judged == [0, 7, 14, 28]
    judged.clear()
    evaluate_all()
    assert judged == [0]


def test_a_past_that_cannot_be_read_is_told_and_keeps_no_night_from_its_work(
    history, monkeypatch, caplog
):
    from flagstone.forge.errors import HistoryMissing
    from flagstone.scorecards import pipeline
    from flagstone.scorecards.models import Evaluation

    def shallow(*_):
        raise HistoryMissing("The history of shop/gitops is not all there.")

    monkeypatch.setattr(pipeline, "commits_on", shallow)
    with pytest.raises(HistoryMissing):
        _backfill(history)
    pipeline.evaluate_all()
    assert "the past of shop/gitops could not be read" in caplog.text
    assert set(Evaluation.objects.values_list("state", flat=True)) == {"done"}
