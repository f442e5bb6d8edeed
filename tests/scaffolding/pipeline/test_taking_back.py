"""A run that fails, is closed or is cancelled leaves nothing behind, and can be tried again."""

from __future__ import annotations

import shutil

import pytest

from flagstone.core.tasks import RetryLater
from flagstone.forge import actions as forge_actions
from flagstone.forge import pipeline as forge
from flagstone.forge.errors import TransportError
from flagstone.forge.models import ChangeRequest, PullRequest, Repository
from flagstone.scaffolding import actions, pipeline
from flagstone.scaffolding.models import ScaffoldRun
from flagstone.scaffolding.pipeline import executing, publishing
from tests.forge.repositories import git, push_by_hand
from tests.scaffolding.pipeline.reading_runs import lines, steps

pytestmark = pytest.mark.django_db(transaction=True)


def assert_name_is_free_again(execute, run):
    """The best proof that everything was taken back: the very same thing can be made again."""
    assert not Repository.objects.filter(full_name="acme/checkout").exists()
    again = execute()
    assert (again.state, again.pk != run.pk) == ("waiting", True)


def test_a_template_that_fails_in_the_middle_leaves_nothing(
    execute, scaffolds, root, audit_actions
):
    broken = scaffolds / "paved" / "{{cookiecutter.name}}" / "zz.yaml"
    broken.write_text("fine\n{{ cookiecutter.gone }}\n")
    run = execute()
    assert (run.state, run.error_code, run.undone) == ("failed", "scaffold.template_invalid", [])
    assert run.error == (
        "paved/{{cookiecutter.name}}/zz.yaml, line 2: 'dict object' has no attribute 'gone'"
    )
    assert steps(run)["render"] == "failed"
    run.job.refresh_from_db()
    assert (run.job.state, run.job.error) == ("failed", run.error)
    assert audit_actions()[-1] == "scaffolding.run_failed"
    assert not (root / "acme/checkout.git").exists()
    assert not ChangeRequest.objects.exists()
    broken.unlink()
    assert_name_is_free_again(execute, run)


def test_yaml_that_cannot_be_read_is_not_shipped(execute, scaffolds):
    broken = scaffolds / "paved" / "{{cookiecutter.name}}" / "services" / "x.yaml"
    broken.write_text("a: [\n")
    run = execute()
    assert (run.state, run.error_code) == ("failed", "scaffold.template_invalid")
    assert run.error.startswith("tiny-api: what it wrote is not right: services/x.yaml: line 1: ")
    assert not Repository.objects.filter(full_name="acme/checkout").exists()


def test_a_file_in_the_way_is_not_overwritten(execute, root, tmp_path):
    push_by_hand(root / "acme/gitops.git", tmp_path, {"apps/checkout.yaml": "mine\n"})
    run = execute()
    assert (run.state, run.error_code) == ("failed", "scaffold.name_taken")
    assert run.error == (
        "acme/gitops has apps/checkout.yaml already. Remove what is there, or choose another name."
    )


def test_a_repository_that_somebody_made_in_the_meantime(execute, request_run, gitops, member):
    run = request_run()
    forge.provision_repository(
        requested_by=member, host=gitops.host, full_name="acme/Checkout", description="",
        files={"a": b"b"}, source="",
    )  # fmt: skip
    execute(run)
    assert (run.state, run.error_code, run.undone) == ("failed", "forge.repository_exists", [])
    assert Repository.objects.filter(full_name="acme/Checkout").exists()
    assert not ChangeRequest.objects.exists()


def test_a_pull_request_that_cannot_be_opened_takes_the_repository_with_it(
    execute, root, monkeypatch
):
    def refuse(*_, **__):
        from flagstone.forge.errors import PolicyRejected

        raise PolicyRejected("The code host refuses the branch: locked for the holidays.")

    with monkeypatch.context() as patch:
        patch.setattr(publishing.forge, "ship", refuse)
        run = execute()
    assert (run.state, run.error_code) == ("failed", "forge.policy_rejected")
    assert run.error == "The code host refuses the branch: locked for the holidays."
    assert run.undone == ["removed the repository acme/checkout, which was as it was made"]
    assert (
        lines(run)[-1]
        == "Taken back: removed the repository acme/checkout, which was as it was made."
    )
    assert run.repository is None
    assert not (root / "acme/checkout.git").exists()
    assert ChangeRequest.objects.get().state == "closed"
    assert_name_is_free_again(execute, run)


def test_a_repository_that_somebody_worked_in_is_kept_and_said_so(execute, root, tmp_path, lead):
    run = execute()
    push_by_hand(root / "acme/checkout.git", tmp_path, {"mine.txt": "work\n"})
    forge_actions.close_pull_request(actor=lead, pull_request=run.pull_request)
    execute(run)
    assert run.state == "closed"
    assert run.undone == [
        f"deleted the branch {run.change_request.branch} of acme/gitops",
        "not the repository acme/checkout, because somebody has worked in it",
    ]
    assert (root / "acme/checkout.git").is_dir()


def test_a_closed_pull_request_frees_the_name(execute, lead, sent):
    run = execute()
    sent.clear()
    forge_actions.close_pull_request(actor=lead, pull_request=run.pull_request)
    assert ("scaffolding.execute_run", str(run.pk)) in sent
    execute(run)
    assert (run.state, run.error) == (
        "closed",
        "acme/gitops#1 was closed by leo without being merged.",
    )
    assert steps(run)["merge"] == "skipped"
    run.job.refresh_from_db()
    assert run.job.state == "failed"
    assert_name_is_free_again(execute, run)


def test_a_cancelled_run_is_taken_back_whole(execute, member, root):
    run = execute()
    branch = run.change_request.branch
    actions.cancel_run(actor=member, run=run)
    execute(run)
    assert (run.state, run.ending) == ("cancelled", "")
    assert run.undone == [
        "closed pull request #1 of acme/gitops",
        f"deleted the branch {branch} of acme/gitops",
        "removed the repository acme/checkout, which was as it was made",
    ]
    run.job.refresh_from_db()
    assert run.job.state == "cancelled"
    assert (
        git(root / "acme/gitops.git", "for-each-ref", "--format=%(refname)", "refs/heads")
        == "refs/heads/main"
    )
    assert_name_is_free_again(execute, run)


def test_a_repository_that_somebody_removed_first_is_not_said_to_be_taken_back(
    execute, member, root
):
    run = execute()
    shutil.rmtree(root / "acme/checkout.git")
    actions.cancel_run(actor=member, run=run)
    execute(run)
    assert run.state == "cancelled"
    assert run.undone[-1] == "nothing of the repository acme/checkout, which was gone already"


def test_a_run_that_is_cancelled_before_a_worker_came_makes_nothing(
    request_run, execute, member, root
):
    run = request_run()
    actions.cancel_run(actor=member, run=run)
    execute(run)
    assert (run.state, run.undone, steps(run)["render"]) == ("cancelled", [], "waiting")
    assert not (root / "acme/checkout.git").exists()


def test_a_run_that_is_cancelled_while_a_worker_is_at_it_stops_at_the_next_step(
    request_run, execute, member, monkeypatch
):
    plain = executing.check_files

    def check(run, rendered, journal):
        plain(run, rendered, journal)
        actions.cancel_run(actor=member, run=ScaffoldRun.objects.get(pk=run.pk))

    monkeypatch.setattr(executing, "check_files", check)
    run = execute()
    assert run.state == "cancelled"
    assert steps(run)["repository"] == "waiting"
    assert not Repository.objects.filter(full_name="acme/checkout").exists()


@pytest.mark.parametrize("step", ["open_pull_request", "_look_at_pull_request"])
def test_a_run_that_is_cancelled_while_its_pull_request_is_opened_is_taken_back_by_that_worker(
    execute, member, monkeypatch, root, step
):
    plain = getattr(executing, step)

    def cancelled_meanwhile(run, *more):
        result = plain(run, *more)
        actions.cancel_run(actor=member, run=ScaffoldRun.objects.get(pk=run.pk))
        return result

    monkeypatch.setattr(executing, step, cancelled_meanwhile)
    run = execute()
    assert (run.state, run.ending) == ("cancelled", "")
    assert run.undone[0] == "closed pull request #1 of acme/gitops"
    assert PullRequest.objects.get().state == "closed"
    assert not (root / "acme/checkout.git").exists()


def test_a_merge_that_was_faster_than_the_cancelling_wins(execute, member, lead):
    run = execute()
    forge_actions.merge_pull_request(actor=lead, pull_request=run.pull_request)
    actions.cancel_run(actor=member, run=run)
    execute(run)
    assert (run.state, run.ending) == ("merged", "")
    assert Repository.objects.filter(full_name="acme/checkout").exists()


def test_a_code_host_that_is_not_ready_to_take_back_is_tried_again(
    execute, member, monkeypatch, root
):
    run = execute()
    actions.cancel_run(actor=member, run=run)

    def fail(*_, **__):
        raise TransportError("The code host did not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(publishing.forge, "withdraw_repository", fail)
        with pytest.raises(RetryLater):
            pipeline.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.ending) == ("waiting", "cancelled")
    execute(run)
    assert run.state == "cancelled"
    assert not (root / "acme/checkout.git").exists()


def test_a_failed_run_is_resumed_to_the_end(execute, scaffolds, member):
    broken = scaffolds / "paved" / "{{cookiecutter.name}}" / "zz.yaml"
    broken.write_text("{{ cookiecutter.gone }}")
    run = execute()
    assert run.state == "failed"
    broken.unlink()
    actions.resume_run(actor=member, run=run)
    execute(run)
    assert (run.state, run.attempt, run.error) == ("waiting", 2, "")
    run.job.refresh_from_db()
    assert (run.job.state, run.job.error) == ("running", "")


def test_a_cancelled_run_is_resumed_with_a_new_pull_request(execute, member):
    run = execute()
    actions.cancel_run(actor=member, run=run)
    execute(run)
    actions.resume_run(actor=member, run=run)
    execute(run)
    assert (run.state, run.pull_request.number) == ("waiting", 2)
    assert list(PullRequest.objects.order_by("number").values_list("number", "state")) == [
        (1, "closed"),
        (2, "open"),
    ]
