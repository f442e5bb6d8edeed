from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scaffolds.answers import AWKWARD
from tests.scaffolds.rendering import manifests, one, render
from tests.scaffolds.strict_schemas import faults


def test_a_new_gitops_repository_passes_the_strict_schemas() -> None:
    files = render("gitops-repo")

    assert [item["metadata"]["name"] for item in manifests(files)] == [
        "root-projects",
        "root-apps",
        "argocd",
    ]
    assert [fault for item in manifests(files) for fault in faults(item)] == []


def test_the_root_applications_live_in_a_project_that_allows_them() -> None:
    files = render("gitops-repo")
    project = one(files, "AppProject")

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


def test_the_workflow_is_yaml_with_its_expressions_intact() -> None:
    workflow = yaml.safe_load(render("gitops-repo")[".github/workflows/pull-request.yaml"])

    assert (
        workflow["concurrency"]["group"] == "pull-request-${{ github.event.pull_request.number }}"
    )
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"].keys() == {"size", "alerts"}


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
    workflow = yaml.safe_load(render("gitops-repo")[".github/workflows/pull-request.yaml"])
    script = workflow["jobs"]["size"]["steps"][-1]["run"]

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
        "BASE": base,
        "HEAD": commit(changed),
        "ROLLBACK": str(rollback).lower(),
        "GITHUB_STEP_SUMMARY": os.devnull,
    }
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == (0 if passes else 1), done.stdout + done.stderr


def _assert_allowed(application: dict[str, Any], project: dict[str, Any]) -> None:
    assert application["spec"]["project"] == project["metadata"]["name"]
    assert application["spec"]["source"]["repoURL"] in project["spec"]["sourceRepos"]
    assert application["spec"]["destination"] in project["spec"]["destinations"]
