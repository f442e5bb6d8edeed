from __future__ import annotations

import shutil

import pytest

from flagstone.core.models import JobLine
from flagstone.core.tasks import RetryLater
from flagstone.forge import actions as forge_actions
from flagstone.forge import pipeline as forge
from flagstone.forge.errors import TransportError
from flagstone.forge.models import ChangeRequest, PullRequest, Repository
from flagstone.scaffolding import actions, pipeline
from flagstone.scaffolding.engine import rendering
from flagstone.scaffolding.models import Provenance, ScaffoldRun
from flagstone.scaffolding.pipeline import executing, publishing
from tests.forge.repositories import files_at, git, push_by_hand

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def execute(request_run):
    """Ask for a run and let a worker bring it as far as it can."""

    def execute(run=None, **answers):
        run = run or request_run(**answers)
        pipeline.execute(run.pk)
        run.refresh_from_db()
        return run

    return execute


def steps(run):
    return dict(run.job.steps.values_list("key", "state"))


def lines(run):
    return list(
        JobLine.objects.filter(job_id=run.job_id).order_by("pk").values_list("text", flat=True)
    )


def test_a_run_ends_with_a_repository_and_an_open_pull_request(execute, root, member):
    run = execute(description="Takes {{ 7*7 }} payments")
    assert (run.state, run.tries, run.error) == ("waiting", 1, "")
    assert steps(run) == {
        "render": "succeeded",
        "check": "succeeded",
        "repository": "succeeded",
        "pull_request": "succeeded",
        "merge": "running",
        "catalogue": "waiting",
    }
    assert run.job.state == "running"
    repository = Repository.objects.get(full_name="acme/checkout")
    assert (run.repository, repository.source, repository.role) == (
        repository,
        run.source,
        "service",
    )
    service = files_at(root / "acme/checkout.git", "main")
    assert sorted(service) == [".flagstone/provenance.yaml", "README.md", "run.sh"]
    assert service["README.md"] == "# checkout\n\nTakes {{ 7*7 }} payments\n"
    assert git(root / "acme/checkout.git", "ls-tree", "main", "run.sh").startswith("100755 ")
    change = ChangeRequest.objects.get()
    pull_request = PullRequest.objects.get()
    assert (run.change_request, change.pk, run.pull_request) == (
        change,
        run.change_id,
        pull_request,
    )
    assert (pull_request.state, pull_request.title, pull_request.author) == (
        "open",
        "Add checkout",
        member,
    )
    assert pull_request.labels == ["scaffold"]
    assert pull_request.body.startswith(
        "Takes {{ 7*7 }} payments\n\nMade from the scaffold Tiny API"
    )
    assert f"/runs/{run.pk}" in pull_request.body
    gitops = files_at(root / "acme/gitops.git", change.branch)
    assert sorted(gitops) == [
        "apps/checkout.yaml",
        "services/checkout/catalog-info.yaml",
        "services/checkout/deployment.yaml",
        "services/quote/deployment.yaml",
    ]
    assert "replicas: 3\n" in gitops["services/checkout/deployment.yaml"]
    assert sorted(files_at(root / "acme/gitops.git", "main")) == ["services/quote/deployment.yaml"]


def test_what_was_made_is_written_down(execute, settings):
    run = execute()
    assert run.outputs == {
        "publish": {
            "repository": "acme/checkout",
            "remoteUrl": str(settings.FLAGSTONE_LOCAL_HOST_ROOT / "acme/checkout.git"),
            "repoContentsUrl": f"{settings.FLAGSTONE_URL}/files/acme/checkout",
            "commitHash": run.repository.head_commit,
        },
        "pull-request": {
            "remoteUrl": f"{settings.FLAGSTONE_URL}/pulls/{run.pull_request.pk}",
            "pullRequestUrl": f"{settings.FLAGSTONE_URL}/pulls/{run.pull_request.pk}",
            "mergeRequestUrl": f"{settings.FLAGSTONE_URL}/pulls/{run.pull_request.pk}",
            "targetBranchName": "main",
            "pullRequestNumber": 1,
        },
        "register": {
            "catalogInfoPath": "services/checkout/catalog-info.yaml",
            "catalogInfoUrl": f"{settings.FLAGSTONE_URL}/files/acme/gitops/services/checkout/catalog-info.yaml",
            "entityRef": "component:default/checkout",
            "tree": "gitops",
        },
    }
    assert run.rendered["layers"][1]["variables"] == {"name": "checkout", "replicas": "3"}
    assert lines(run) == [
        (
            f"Rendered 3 files for the service and 3 for the GitOps repository "
            f"from Tiny API, version {run.scaffold_version}."
        ),
        "Checked against 0 policies of the cluster: 1 Kubernetes objects, none denied.",
        "Made acme/checkout with 3 files.",
        f"Opened pull request #1 of acme/gitops from {run.change_request.branch}.",
    ]


def test_a_merge_makes_provenance_and_waits_for_the_catalogue(
    execute, sent, lead, register_service, audit_actions
):
    run = execute()
    sent.clear()
    forge_actions.merge_pull_request(actor=lead, pull_request=run.pull_request)
    assert ("scaffolding.execute_run", str(run.pk)) in sent
    execute(run)
    assert run.state == "merged"
    assert run.finished_at
    assert (steps(run)["merge"], steps(run)["catalogue"], run.job.state) == (
        "succeeded",
        "running",
        "running",
    )
    assert audit_actions()[-2:] == ["scaffolding.run_merged", "catalog.location_registered"]
    provenance = Provenance.objects.get(entity_ref="component:default/checkout")
    assert (provenance.run, provenance.repository, provenance.scaffold_version) == (
        run,
        run.repository,
        run.scaffold_version,
    )
    assert provenance.answers == run.answers
    assert [layer["layer"] for layer in provenance.layers] == ["tiny-api/service", "paved"]
    assert provenance.merge_commit == PullRequest.objects.get().merge_commit
    register_service("checkout")
    execute(run)
    run.job.refresh_from_db()
    assert (steps(run)["catalogue"], run.job.state) == ("succeeded", "succeeded")


def test_a_merge_is_recorded_once(execute, lead, audit_actions):
    run = execute()
    forge_actions.merge_pull_request(actor=lead, pull_request=run.pull_request)
    for _ in range(3):
        execute(run)
    assert audit_actions().count("scaffolding.run_merged") == 1
    assert audit_actions().count("catalog.location_registered") == 1
    assert Provenance.objects.count() == 1


def test_executing_a_waiting_run_again_changes_nothing(execute, root):
    run = execute()
    before = (run.outputs, lines(run), git(root / "acme/gitops.git", "for-each-ref"))
    execute(run)
    assert (run.outputs, lines(run), git(root / "acme/gitops.git", "for-each-ref")) == before
    assert (run.state, run.tries) == ("waiting", 1)


def test_a_run_that_does_not_exist_is_no_error(db):
    import uuid

    pipeline.execute(uuid.uuid4())


def test_a_run_that_another_worker_is_at_is_left_alone(request_run, execute):
    import threading

    from django.db import connection

    from flagstone.core.locks import only_one_at

    run = request_run()
    held, over = threading.Event(), threading.Event()

    def hold():
        with only_one_at(run.pk):
            held.set()
            over.wait(20)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(20)
    execute(run)
    assert (run.state, run.tries) == ("queued", 0)
    over.set()
    other.join()
    assert execute(run).state == "waiting"


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


def test_a_code_host_that_is_not_ready_is_tried_again(execute, monkeypatch, request_run):
    run = request_run()

    def fail(*_, **__):
        raise TransportError("The code host did not answer.", retry_after=7)

    with monkeypatch.context() as patch:
        patch.setattr(publishing.forge, "provision_repository", fail)
        with pytest.raises(RetryLater, match="The code host did not answer") as caught:
            pipeline.execute(run.pk)
    assert caught.value.retry_after == 7
    run.refresh_from_db()
    assert (run.state, run.undone) == ("running", [])
    assert run.not_before > run.touched_at
    assert execute(run).state == "waiting"
    assert "A worker takes the run up again (try 2)." in lines(run)


def test_a_renderer_that_the_system_ends_is_tried_again(execute, monkeypatch, request_run):
    run = request_run()
    killed = (
        "-c",
        "import os, signal, sys; sys.stdin.read(); os.kill(os.getpid(), signal.SIGKILL)",
    )
    with monkeypatch.context() as patch:
        patch.setattr(rendering, "CHILD", killed)
        with pytest.raises(RetryLater, match="ended by the system, probably for want of memory"):
            execute(run)
    run.refresh_from_db()
    assert run.state == "running"
    assert execute(run).state == "waiting"


def test_a_run_is_not_tried_for_ever(execute, request_run):
    run = request_run()
    ScaffoldRun.objects.filter(pk=run.pk).update(tries=executing.MOST_TRIES)
    execute(run)
    assert (run.state, run.error_code) == ("failed", "scaffold.gave_up")


def test_an_unexpected_failure_shows_nothing_of_itself_and_is_raised_for_the_log(
    request_run, monkeypatch
):
    def fail(*_):
        raise ZeroDivisionError("password=hunter2")

    monkeypatch.setattr(executing, "check_files", fail)
    run = request_run()
    with pytest.raises(ZeroDivisionError):
        pipeline.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error_code) == ("failed", "unexpected")
    assert "hunter2" not in run.error + "".join(lines(run))


def test_a_resumed_worker_renders_the_very_same_files(
    execute, scaffolds, request_run, root, monkeypatch
):
    """Even where the template's own defaults are different each time."""
    (scaffolds / "paved" / "cookiecutter.json").write_text(
        '{"name": "x", "replicas": "1", "token": "{{ random_ascii_string(20) }}"}'
    )
    token = (
        scaffolds
        / "paved"
        / "{{cookiecutter.name}}"
        / "services"
        / "{{cookiecutter.name}}"
        / "token.txt"
    )
    token.write_text("{{ cookiecutter.token }}")
    run = request_run()

    def fail(*_, **__):
        raise TransportError("Not now.")

    with monkeypatch.context() as patch:
        patch.setattr(publishing.forge, "provision_repository", fail)
        with pytest.raises(RetryLater):
            pipeline.execute(run.pk)
    run.refresh_from_db()
    first = run.rendered["layers"][1]["variables"]["token"]
    execute(run)
    assert run.rendered["layers"][1]["variables"]["token"] == first
    shipped = files_at(root / "acme/gitops.git", run.change_request.branch)
    assert shipped["services/checkout/token.txt"] == first
