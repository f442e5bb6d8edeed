from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scaffolds.answers import AWKWARD
from tests.scaffolds.rendering import SCAFFOLDS, manifests, one, render
from tests.scaffolds.strict_schemas import faults


def test_a_new_gitops_repository_passes_the_strict_schemas() -> None:
    found = manifests(render("gitops-repo"))

    assert [(item["kind"], item["metadata"]["name"]) for item in found] == [
        ("ApplicationSet", "platform"),
        ("Application", "root-projects"),
        ("Application", "root-apps"),
        ("AlertmanagerConfig", "by-severity"),
        ("ConfigMap", "argocd-notifications-cm"),
        ("ConfigMap", "argo-rollouts-notification-configmap"),
        ("AppProject", "argocd"),
        ("AppProject", "platform"),
    ]
    assert [fault for item in found for fault in faults(item)] == []


def test_the_root_applications_live_in_a_project_that_allows_them() -> None:
    files = render("gitops-repo")
    project = one(files, "AppProject", "argocd")

    for application in (
        one(files, "Application", "root-apps"),
        one(files, "Application", "root-projects"),
    ):
        _assert_allowed(application, project)


@pytest.mark.parametrize("answers", AWKWARD.values(), ids=AWKWARD)
def test_the_project_of_a_system_allows_the_application_of_its_services(
    answers: dict[str, Any],
) -> None:
    application = one(render("paved-path", answers), "Application")
    name = application["spec"]["project"]

    project = one(render("gitops-project", {"name": name, "squads": "cards, ledger"}), "AppProject")

    assert faults(project) == []
    _assert_allowed(application, project)
    assert project["spec"]["roles"][0]["groups"] == ["cards-oncall", "ledger-oncall"]


def test_a_project_description_stays_text() -> None:
    description = AWKWARD["awkward text"]["description"]

    project = one(render("gitops-project", {"description": description}), "AppProject")

    assert project["spec"]["description"] == description


def test_the_platforms_applications_may_bring_what_lies_under_platform() -> None:
    files = render("gitops-repo")
    project = one(files, "AppProject", "platform")["spec"]
    template = one(files, "ApplicationSet")["spec"]["template"]["spec"]

    assert template["project"] == "platform"
    assert template["source"]["repoURL"] in project["sourceRepos"]
    places = {destination["namespace"] for destination in project["destinations"]}
    kinds = {(kind["group"], kind["kind"]) for kind in project["namespaceResourceWhitelist"]}
    brought = [
        item
        for path, text in files.items()
        if path.startswith("platform/") and path.endswith(".yaml")
        for item in yaml.safe_load_all(text)
    ]
    assert len(brought) == 3
    for item in brought:
        assert item["metadata"]["namespace"] in places
        assert (item["apiVersion"].rpartition("/")[0].partition("/")[0], item["kind"]) in kinds
    assert {"group": "constraints.gatekeeper.sh", "kind": "*"} in project[
        "clusterResourceWhitelist"
    ]


def test_every_subscription_of_the_paved_path_has_its_trigger_and_template() -> None:
    paved, files = render("paved-path"), render("gitops-repo")
    for kind, settings in (
        ("Application", "argocd-notifications-cm"),
        ("Rollout", "argo-rollouts-notification-configmap"),
    ):
        data = one(files, "ConfigMap", settings)["data"]
        annotations = one(paved, kind)["metadata"]["annotations"]
        subscribed = [key for key in annotations if key.startswith("notifications.argoproj.io/")]
        assert subscribed
        for key in subscribed:
            _, trigger, service = key.removeprefix("notifications.argoproj.io/").split(".")
            assert f"service.{service}" in data
            sent = yaml.safe_load(data[f"trigger.{trigger}"])[0]["send"]
            assert all(f"template.{name}" in data for name in sent)


def test_every_severity_of_the_paved_path_is_routed_and_a_page_silences_tickets() -> None:
    spec = one(render("gitops-repo"), "AlertmanagerConfig")["spec"]
    groups = one(render("paved-path"), "PrometheusRule")["spec"]["groups"]
    used = {r["labels"]["severity"] for group in groups for r in group["rules"] if "alert" in r}

    routed = {route["matchers"][0]["value"]: route["receiver"] for route in spec["route"]["routes"]}
    assert routed.keys() == used == {"page", "ticket"}
    assert {receiver["name"] for receiver in spec["receivers"]} == set(routed.values())
    (rule,) = spec["inhibitRules"]
    assert (rule["sourceMatch"][0]["value"], rule["targetMatch"][0]["value"]) == ("page", "ticket")


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_the_scripts_of_ci_are_clean_shell_and_each_is_called(ci: str, tmp_path: Path) -> None:
    files = render("gitops-repo", {"ci": ci})
    scripts = {path for path in files if path.endswith(".sh")}
    assert scripts == {"ci/alerts.sh", "ci/branch-age.sh", "ci/change-size.sh", "ci/gate.sh"}
    for path in scripts:
        (tmp_path / Path(path).name).write_text(files[path])
    shellcheck = Path(sys.executable).with_name("shellcheck")

    done = subprocess.run(
        [shellcheck, *tmp_path.glob("*.sh")], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")
    workflows = "".join(files[path] for path in files if path.startswith((".github", ".gitlab")))
    for path in scripts:
        assert path in workflows
        assert (SCAFFOLDS / "gitops-repo" / "{{cookiecutter.name}}" / path).stat().st_mode & 0o100


def test_the_github_workflows_keep_their_expressions_and_have_few_rights() -> None:
    files = render("gitops-repo")
    workflow = yaml.safe_load(files[".github/workflows/pull-request.yaml"])
    promise = yaml.safe_load(files[".github/workflows/review-promise.yaml"])

    assert (
        workflow["concurrency"]["group"] == "pull-request-${{ github.event.pull_request.number }}"
    )
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"].keys() == {"size", "branch-age", "alerts", "gate"}
    for job in (*workflow["jobs"].values(), *promise["jobs"].values()):
        assert job["timeout-minutes"] <= 10
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")  # what people wrote comes by the environment
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step.get("uses", f"a/b@{'0' * 40}"))
    assert ".gitlab-ci.yml" not in files


def test_the_gitlab_pipeline_has_the_same_jobs() -> None:
    files = render("gitops-repo", {"ci": "gitlab"})
    pipeline = yaml.safe_load(files[".gitlab-ci.yml"])

    assert {"size", "branch-age", "alerts", "gate", "review-promise"} <= set(pipeline)
    assert not [path for path in files if path.startswith(".github")]


@pytest.mark.parametrize(
    ("changed", "rollback", "passes"),
    [
        ({"services/quote/istio.yaml": 199}, False, True),
        ({"services/quote/istio.yaml": 200}, False, False),
        ({"services/quote/istio.yaml": 200}, True, True),
        (
            {
                "services/new/catalog-info.yaml": 20,
                "services/new/slo.yaml": 500,
                "apps/new.yaml": 60,
            },
            False,
            True,
        ),
        ({"services/new/catalog-info.yaml": 20, "services/quote/slo.yaml": 300}, False, False),
        ({"services/quote/more.yaml": 300}, False, False),
    ],
    ids=["small", "big", "rollback", "a new service", "a big change beside it", "a new file"],
)
def test_the_size_gate_counts_changes_but_not_a_new_service(
    changed: dict[str, int], rollback: bool, passes: bool, tmp_path: Path
) -> None:
    script = render("gitops-repo")["ci/change-size.sh"]

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        command = ["git", *identity, *arguments]
        return subprocess.check_output(command, cwd=tmp_path, text=True).strip()

    def commit(files: dict[str, int]) -> str:
        for path, lines in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text("".join(f"{path}: {n}\n" for n in range(lines)), "utf-8")
        git("add", "--all")
        git("commit", "--quiet", "--message", "change")
        return git("rev-parse", "HEAD")

    git("init", "--quiet", "--initial-branch=main")
    base = commit({"services/quote/catalog-info.yaml": 30})
    environment = os.environ | {
        "ROLLBACK": str(rollback).lower(),
    }
    head = commit(changed)
    done = subprocess.run(
        ["bash", "-c", script, "change-size.sh", base, head],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == (0 if passes else 1), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("hours", "status", "words"),
    [(2, 0, ""), (30, 0, "Merge it today"), (80, 1, "behind a flag")],
    ids=["fresh", "a day", "three days"],
)
def test_a_branch_grows_old_after_three_days(
    hours: int, status: int, words: str, tmp_path: Path
) -> None:
    script = render("gitops-repo")["ci/branch-age.sh"]
    commits = []
    for age in (500, hours, 1):  # the last commit on main, the first and the last of the branch
        moment = f"@{int(time.time()) - age * 3600} +0000"
        commits.append(_empty_commit(tmp_path, moment))

    done = subprocess.run(
        ["bash", "-c", script, "branch-age.sh", commits[0], commits[-1]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, words in done.stderr) == (status, True), done.stdout + done.stderr
    assert f"age of the branch: {hours} h" in done.stdout
    assert bool(words) is bool(done.stderr)


def _empty_commit(folder: Path, moment: str) -> str:
    environment = os.environ | {"GIT_COMMITTER_DATE": moment, "GIT_AUTHOR_DATE": moment}
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (
        ["init", "--quiet"],
        ["commit", "--quiet", "--allow-empty", "--message", "a"],
    ):
        subprocess.run(["git", *identity, *command], cwd=folder, env=environment, check=True)
    return subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True).strip()


def _assert_allowed(application: dict[str, Any], project: dict[str, Any]) -> None:
    assert application["spec"]["project"] == project["metadata"]["name"]
    assert application["spec"]["source"]["repoURL"] in project["spec"]["sourceRepos"]
    assert application["spec"]["destination"] in project["spec"]["destinations"]
