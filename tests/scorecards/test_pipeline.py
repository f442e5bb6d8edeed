"""From the default branch to results: what is stored, what moved and why, and nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.scorecards.conftest import DEPLOYMENT, service_files

pytestmark = pytest.mark.django_db(transaction=True)


def _result(name, check_id):
    from flagstone.scorecards.models import CheckResult

    return CheckResult.objects.get(entity__ref=f"component:default/{name}", check_id=check_id)


def _score(name):
    from flagstone.scorecards.models import ServiceScore

    return ServiceScore.objects.get(entity__ref=f"component:default/{name}")


def _moves(name):
    from flagstone.scorecards.models import CheckChange

    rows = CheckChange.objects.filter(entity__ref=f"component:default/{name}").exclude(before="")
    return {row.check_id: (row.before, row.after, row.cause) for row in rows}


def test_every_service_of_the_catalogue_is_scored(gitops):
    missing = _result("checkout", "PB-01")
    assert (missing.state, missing.severity, missing.level) == ("fail", "C", "bronze")
    (finding,) = missing.findings
    assert (finding["path"], finding["container"]) == ("services/checkout/deployment.yaml", "app")
    assert finding["line"] == 11
    assert _result("quote", "PB-01").state == "pass"
    assert _score("quote").level == "bronze"
    assert _score("checkout").level == ""
    assert _score("checkout").score < _score("quote").score
    assert _score("quote").counts["pass"] > 0
    assert _score("quote").commit == gitops.repository.head_commit


def test_looking_again_at_the_same_state_moves_nothing(gitops):
    from flagstone.scorecards.models import CheckChange

    before, changed_at = CheckChange.objects.count(), _score("quote").changed_at
    gitops.look()
    assert CheckChange.objects.count() == before
    assert _score("quote").changed_at == changed_at
    assert _score("quote").checked_at > changed_at


def test_a_fix_moves_the_check_and_says_that_the_repository_changed(gitops):
    from flagstone.scorecards.models import CheckChange

    before = _score("checkout").score
    commit = gitops.push(service_files("checkout", probes=True))
    gitops.look()
    assert _moves("checkout")["PB-01"] == ("fail", "pass", "fact")
    move = CheckChange.objects.get(check_id="PB-01", before="fail")
    assert (move.commit, move.score_before, move.score_after) == (
        commit,
        before,
        _score("checkout").score,
    )
    assert _score("checkout").score > before
    assert _score("checkout").level == "bronze"


def test_losing_its_manifests_never_helps_a_service(gitops):
    gitops.push(dict.fromkeys(service_files("quote")))
    gitops.look()
    assert _result("quote", "PB-01").state == "no_data"
    assert (_score("quote").score, _score("quote").level, _score("quote").coverage) == (0, "", 0.0)
    assert _moves("quote")["PB-01"] == ("pass", "no_data", "lost_data")


@pytest.mark.parametrize("broken", [b"metadata: [", b"kind: Component\n<<<<<<< HEAD\n"])
def test_a_broken_catalogue_file_does_not_read_as_lost_manifests(gitops, broken):
    before = _score("quote")
    gitops.push({"services/quote/catalog-info.yaml": broken})
    gitops.look()
    after = _score("quote")
    assert (after.score, after.level) == (before.score, "bronze")
    assert after.checked_at > before.checked_at
    assert _moves("quote") == {}


def test_a_new_rulebook_is_the_cause_of_what_it_moves(gitops, settings, tmp_path):
    import shutil

    folder = tmp_path / "scorecards"
    shutil.copytree(settings.FLAGSTONE_SCORECARDS_DIR, folder)
    card = folder / "production-readiness.yaml"
    late = (timezone.now() + timedelta(days=30)).date()
    text = card.read_text()
    assert "{id: PB-01, level: bronze}" in text
    card.write_text(
        text.replace(
            "{id: PB-01, level: bronze}", f"{{id: PB-01, level: bronze, enforced_from: {late}}}"
        )
    )
    settings.FLAGSTONE_SCORECARDS_DIR = folder
    gitops.look()
    assert _moves("checkout")["PB-01"] == ("fail", "upcoming", "rule")


def test_an_approved_exemption_takes_the_check_out_of_the_sum(gitops, member, lead):
    from flagstone.catalog.models import Entity
    from flagstone.scorecards.actions import decide_exemption, request_exemption

    before = _score("checkout").score
    entity = Entity.objects.get(ref="component:default/checkout")
    until = timezone.now().date() + timedelta(days=20)
    wish = request_exemption(
        actor=member,
        entity=entity,
        check_id="PB-01",
        reason="Being retired this month.",
        expires_on=until,
    )
    gitops.look()
    assert _result("checkout", "PB-01").state == "fail"
    decide_exemption(actor=lead, exemption=wish, approve=True)
    gitops.look()
    assert _result("checkout", "PB-01").state == "exempt"
    assert _moves("checkout")["PB-01"] == ("fail", "exempt", "exemption")
    assert _score("checkout").score > before


def test_an_older_look_does_not_overwrite_a_newer_one(gitops, monkeypatch):
    from flagstone.scorecards import pipeline
    from flagstone.scorecards.models import Evaluation, EvaluationState

    gitops.push(service_files("checkout", probes=True))
    real = pipeline.read_tree
    stale = real(gitops.repository, ref=gitops.repository.head_commit)
    gitops.look()
    assert _result("checkout", "PB-01").state == "pass"
    newest = Evaluation.objects.first()
    Evaluation.objects.filter(pk=newest.pk).update(state=EvaluationState.DONE)
    old = Evaluation.objects.order_by("pk").first()
    Evaluation.objects.filter(pk=old.pk).update(state=EvaluationState.QUEUED)
    monkeypatch.setattr(pipeline, "read_tree", lambda _: stale)
    pipeline.evaluate_repository(gitops.repository.pk)
    assert _result("checkout", "PB-01").state == "pass"
    assert Evaluation.objects.get(pk=old.pk).state == "done"


def test_wishes_for_the_same_repository_wait_as_one(gitops):
    from flagstone.scorecards.actions import look_at_repository
    from flagstone.scorecards.models import Evaluation

    for _ in range(3):
        look_at_repository(repository_id=gitops.repository.pk, branch="main", reason="test")
    look_at_repository(
        repository_id=gitops.repository.pk, branch="other", reason="no default branch"
    )
    assert Evaluation.objects.filter(state="queued").count() == 1


def test_a_repository_that_is_gone_fails_the_look_in_words_and_keeps_the_scores(gitops, settings):
    import shutil

    from flagstone.scorecards.models import Evaluation

    before = _score("quote").score
    shutil.rmtree(settings.FLAGSTONE_LOCAL_HOST_ROOT)
    gitops.look()
    failed = Evaluation.objects.first()
    assert failed.state == "failed"
    assert "shop/gitops" in failed.error
    assert _score("quote").score == before


def test_a_look_that_no_message_told_of_is_taken_up(gitops):
    from flagstone.scorecards.actions import look_at_repository
    from flagstone.scorecards.models import Evaluation
    from flagstone.scorecards.pipeline import sweep_evaluations

    gitops.push(service_files("checkout", probes=True))
    Evaluation.objects.filter(state="queued").delete()
    look_at_repository(repository_id=gitops.repository.pk, branch="main", reason="test")
    sweep_evaluations(timezone.now())
    assert _result("checkout", "PB-01").state == "fail"  # its message may still be on the way
    sweep_evaluations(timezone.now() + timedelta(seconds=21))
    assert _result("checkout", "PB-01").state == "pass"


def test_a_look_whose_worker_was_killed_is_asked_for_again(gitops):
    from flagstone.scorecards.models import Evaluation
    from flagstone.scorecards.pipeline import sweep_evaluations

    left = Evaluation.objects.first()
    Evaluation.objects.filter(pk=left.pk).update(state="running", started_at=timezone.now())
    sweep_evaluations(timezone.now() + timedelta(minutes=7))
    left.refresh_from_db()
    assert (left.state, left.error) == ("failed", "Its worker was stopped; it was asked for again.")
    assert Evaluation.objects.filter(pk__gt=left.pk).latest("pk").state in {"queued", "done"}


def test_a_name_with_nul_is_scored_like_any_other(gitops):
    evil = DEPLOYMENT.format(name="evil", probes="").replace("{name: evil,", '{name: "e\\0l",')
    gitops.push({"services/quote/evil.yaml": evil.encode()})
    gitops.look()
    assert _score("quote").commit == gitops.repository.__class__.objects.get().head_commit
    assert _score("checkout").commit == _score("quote").commit
