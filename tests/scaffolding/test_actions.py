from __future__ import annotations

import threading

import pytest
from django.db import connection, connections

from flagstone.core.errors import Conflict, Forbidden, NotFound, UserError
from flagstone.core.models import AuditEntry, Job
from flagstone.forge.errors import EmptyRepository, NoDefaultBranch, RepositoryGone
from flagstone.scaffolding import actions
from flagstone.scaffolding.errors import AnswersInvalid, NameTaken, TemplateError
from flagstone.scaffolding.models import RunState, ScaffoldRun
from tests.forge.repositories import git, push_by_hand
from tests.scaffolding.conftest import ANSWERS

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_is_recorded_audited_and_given_to_a_worker(request_run, member, sent, scaffolds):
    run = request_run()
    assert (run.scaffold_id, run.service_name, run.service_ref, run.state) == (
        "tiny-api",
        "checkout",
        "component:default/checkout",
        "queued",
    )
    assert run.answers == ANSWERS
    assert len(run.scaffold_version) == 12
    assert list(run.job.steps.values_list("key", "state")) == [
        ("render", "waiting"),
        ("check", "waiting"),
        ("repository", "waiting"),
        ("pull_request", "waiting"),
        ("merge", "waiting"),
        ("catalogue", "waiting"),
    ]
    entry = AuditEntry.objects.get(action="scaffolding.run_requested")
    assert (entry.actor, entry.subject) == ("mia", "component:default/checkout")
    assert entry.data == {
        "run": str(run.pk),
        "scaffold": "tiny-api",
        "version": run.scaffold_version,
        "answers": ANSWERS,
    }
    assert sent[-1] == ("scaffolding.execute_run", str(run.pk))


def test_answers_are_kept_complete(request_run, scaffolds, gitops, member):
    run = actions.request_run(actor=member, scaffold_id="tiny-api", answers={"name": "checkout"})
    assert run.answers == {"name": "checkout", "description": "It says hello", "replicas": 2}


def assert_nothing_was_recorded(sent):
    assert not ScaffoldRun.objects.exists()
    assert not Job.objects.exists()
    assert not AuditEntry.objects.filter(action__startswith="scaffolding.").exists()
    assert not [name for name, _ in sent if name.startswith("scaffolding.")]


def test_a_viewer_may_not(request_run, stranger, sent):
    with pytest.raises(Forbidden):
        request_run(actor=stranger)
    assert_nothing_was_recorded(sent)


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        ({"name": "../x"}, {"name"}),
        ({"name": "{{ 7*7 }}"}, {"name"}),
        ({"name": "checkout\n"}, {"name"}),
        ({"name": "-rf"}, {"name"}),
        ({"name": "caf\u00e9"}, {"name"}),
        ({"replicas": 0, "surprise": 1}, {"replicas", "surprise"}),
        ({"_extensions": ["os"]}, {"_extensions"}),
    ],
)
def test_bad_answers_are_told_and_nothing_is_recorded(request_run, sent, answers, faults):
    with pytest.raises(AnswersInvalid) as caught:
        request_run(**answers)
    assert set(caught.value.faults) == faults
    assert_nothing_was_recorded(sent)


def test_an_unknown_scaffold(request_run):
    with pytest.raises(NotFound) as caught:
        request_run(scaffold_id="cobol-api")
    assert caught.value.message == "There is no scaffold 'cobol-api'. Choose one of tiny-api."


def test_a_broken_scaffold_says_where(request_run, scaffolds):
    template = scaffolds / "tiny-api" / "template.yaml"
    template.write_text(template.read_text().replace("fetch:cookiecutter", "fetch:magic", 1))
    with pytest.raises(
        TemplateError, match="line 32: step 'service' uses the action 'fetch:magic'"
    ):
        request_run()


def test_without_a_gitops_repository(scaffolds, member, sent):
    with pytest.raises(Conflict) as caught:
        actions.request_run(actor=member, scaffold_id="tiny-api", answers=ANSWERS)
    assert caught.value.code == "scaffold.no_gitops_repository"


def gone(bare):
    bare.rename(bare.with_name("elsewhere"))


def empty(bare):
    git(bare, "update-ref", "-d", "refs/heads/main")


def headless(bare):
    git(bare, "branch", "other")
    git(bare, "symbolic-ref", "HEAD", "refs/heads/nowhere")


@pytest.mark.parametrize(
    ("harm", "error"),
    [(gone, RepositoryGone), (empty, EmptyRepository), (headless, NoDefaultBranch)],
)
def test_a_gitops_repository_that_is_gone_empty_or_headless(request_run, root, sent, harm, error):
    harm(root / "acme/gitops.git")
    with pytest.raises(error):
        request_run()
    assert_nothing_was_recorded(sent)


def test_a_name_that_the_gitops_repository_has(request_run, sent):
    with pytest.raises(NameTaken) as caught:
        request_run(name="quote")
    assert caught.value.message == (
        "The name 'quote' is taken: acme/gitops has a folder services/quote. Choose another name."
    )
    assert caught.value.params == {
        "name": "quote",
        "holder": "acme/gitops has a folder services/quote",
    }
    assert_nothing_was_recorded(sent)


def test_a_name_that_somebody_pushed_by_hand_just_now(request_run, root, tmp_path):
    push_by_hand(root / "acme/gitops.git", tmp_path, {"services/checkout/x.yaml": "x: 1\n"})
    with pytest.raises(NameTaken, match="acme/gitops has a folder services/checkout"):
        request_run()


def test_a_name_that_a_repository_has_in_another_case(request_run, gitops, member):
    from flagstone.forge import pipeline

    pipeline.provision_repository(
        requested_by=member,
        host=gitops.host,
        full_name="acme/CheckOut",
        description="",
        files={"a": b"b"},
        source="",
    )
    with pytest.raises(NameTaken, match="there is a repository acme/CheckOut"):
        request_run()


def test_a_name_that_the_catalogue_has_in_another_case(request_run, register_service):
    register_service("CheckOut", owner="group:default/payments")
    with pytest.raises(NameTaken) as caught:
        request_run()
    assert caught.value.params["holder"] == (
        "the catalogue has component:default/checkout of group:default/payments"
    )


def test_a_name_that_another_run_holds_says_whose(request_run, lead):
    first = request_run()
    with pytest.raises(NameTaken) as caught:
        request_run(actor=lead)
    assert caught.value.params["holder"] == (
        f"mia is creating checkout (queued, begun {first.created_at:%Y-%m-%d %H:%M} UTC)"
    )


@pytest.mark.parametrize("state", ["merged", "closed", "failed", "cancelled"])
def test_a_run_that_is_over_holds_no_name(request_run, state):
    first = request_run()
    ScaffoldRun.objects.filter(pk=first.pk).update(state=state)
    assert request_run().pk != first.pk


def test_two_people_at_the_very_same_moment(request_run, member, lead, make_user, monkeypatch):
    """Both pass every look at what is there; the database lets one of them through."""
    people = [member, lead, *(make_user(name) for name in ("ann", "bob"))]
    at_the_door = threading.Barrier(len(people))
    plain = actions.require_free_name

    def look(name, surroundings, **options):
        plain(name, surroundings, **options)
        at_the_door.wait(timeout=20)

    monkeypatch.setattr(actions, "require_free_name", look)
    made, told = [], []

    def ask(actor, name):
        try:
            made.append(request_run(actor=actor, name=name))
        except NameTaken as error:
            told.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(person, "checkout")) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    connections.close_all()
    (winner,) = made
    assert ScaffoldRun.objects.get().pk == winner.pk
    assert Job.objects.count() == 1
    assert AuditEntry.objects.filter(action="scaffolding.run_requested").count() == 1
    assert len(told) == len(people) - 1
    sentences = {error.message for error in told}
    assert len(sentences) == 1
    assert f"{winner.requested_by.display_name} is creating checkout" in sentences.pop()


def test_the_database_knows_no_case(request_run, member):
    from django.db import IntegrityError, transaction

    run = request_run()
    twin = ScaffoldRun.objects.get(pk=run.pk)
    twin.pk, twin.service_name, twin.job = None, "CHECKOUT", Job.objects.create(kind="x", title="x")
    with pytest.raises(IntegrityError, match="one_live_run_per_service_name"), transaction.atomic():
        twin.save(force_insert=True)


def test_asking_again_with_the_same_key_gives_the_same_run(request_run, sent):
    first = request_run(idempotency_key="k1")
    before = len(sent)
    assert request_run(idempotency_key="k1").pk == first.pk
    assert ScaffoldRun.objects.count() == 1
    assert len(sent) == before


def test_a_key_is_for_one_request_of_one_person(request_run, lead):
    first = request_run(idempotency_key="k1")
    with pytest.raises(Conflict) as caught:
        request_run(idempotency_key="k1", name="other")
    assert caught.value.code == "scaffold.idempotency_key_reused"
    assert caught.value.params == {"run": str(first.pk)}
    assert request_run(actor=lead, idempotency_key="k1", name="other").pk != first.pk


def test_a_key_has_an_end(request_run, sent):
    with pytest.raises(UserError) as caught:
        request_run(idempotency_key="k" * 101)
    assert caught.value.code == "scaffold.idempotency_key_too_long"
    assert_nothing_was_recorded(sent)


def test_somebody_elses_run_is_not_ones_own_to_stop_or_resume(request_run, lead):
    run = request_run()
    for act in (actions.cancel_run, actions.resume_run):
        with pytest.raises(Forbidden):
            act(actor=lead, run=run)
    run.refresh_from_db()
    assert (run.state, run.ending) == ("queued", "")


def test_the_platform_team_may_stop_any_run(request_run, admin_user, sent, audit_actions):
    run = actions.cancel_run(actor=admin_user, run=request_run())
    assert (run.state, run.ending) == ("queued", "cancelled")
    assert audit_actions()[-1] == "scaffolding.run_cancelled"
    assert sent[-1] == ("scaffolding.execute_run", str(run.pk))


@pytest.mark.parametrize("state", ["merged", "closed", "failed", "cancelled"])
def test_what_is_over_cannot_be_stopped(request_run, member, state):
    run = request_run()
    ScaffoldRun.objects.filter(pk=run.pk).update(state=state)
    with pytest.raises(Conflict) as caught:
        actions.cancel_run(actor=member, run=run)
    assert caught.value.code == "scaffold.run_over"


@pytest.mark.parametrize("state", ["queued", "running", "waiting", "merged"])
def test_what_goes_on_cannot_be_resumed(request_run, member, state):
    run = request_run()
    ScaffoldRun.objects.filter(pk=run.pk).update(state=state)
    run.refresh_from_db()
    with pytest.raises(Conflict) as caught:
        actions.resume_run(actor=member, run=run)
    assert caught.value.code == "scaffold.run_not_stopped"


def test_a_resumed_run_begins_again_under_a_new_change(request_run, member, sent, audit_actions):
    run = request_run()
    run.state, run.error, run.undone, run.tries = RunState.FAILED, "It broke.", ["x"], 3
    run.save()
    before = run.change_id
    resumed = actions.resume_run(actor=member, run=run)
    assert (resumed.state, resumed.error, resumed.undone, resumed.tries) == ("queued", "", [], 0)
    assert resumed.change_id != before
    assert set(resumed.job.steps.values_list("state", flat=True)) == {"waiting"}
    assert resumed.job.state == "running"
    assert audit_actions()[-1] == "scaffolding.run_resumed"
    assert sent[-1] == ("scaffolding.execute_run", str(run.pk))


def test_a_resumed_run_cannot_take_a_name_that_is_somebody_elses_by_now(request_run, member, lead):
    run = request_run()
    ScaffoldRun.objects.filter(pk=run.pk).update(state="failed")
    request_run(actor=lead)
    run.refresh_from_db()
    with pytest.raises(NameTaken, match="leo is creating checkout"):
        actions.resume_run(actor=member, run=run)
    run.refresh_from_db()
    assert run.state == "failed"
