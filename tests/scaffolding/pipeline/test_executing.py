from __future__ import annotations

import pytest

from flagstone.core.tasks import RetryLater
from flagstone.forge import actions as forge_actions
from flagstone.forge.errors import TransportError
from flagstone.forge.models import ChangeRequest, PullRequest, Repository
from flagstone.scaffolding import pipeline
from flagstone.scaffolding.engine import rendering
from flagstone.scaffolding.models import Provenance, ScaffoldRun
from flagstone.scaffolding.pipeline import executing, publishing
from tests.forge.repositories import files_at, git
from tests.scaffolding.pipeline.reading_runs import lines, steps

pytestmark = pytest.mark.django_db(transaction=True)


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
