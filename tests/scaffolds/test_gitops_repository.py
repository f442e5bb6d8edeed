from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.scaffolds.answers import AWKWARD
from tests.scaffolds.rendering import manifests, one, render
from tests.scaffolds.strict_schemas import faults


def test_a_new_gitops_repository_passes_the_strict_schemas() -> None:
    files = render("gitops-repo")

    assert [item["metadata"]["name"] for item in manifests(files)] == [
        "projects",
        "apps",
        "platform",
    ]
    assert [fault for item in manifests(files) for fault in faults(item)] == []


def test_the_root_applications_live_in_a_project_that_allows_them() -> None:
    files = render("gitops-repo")
    project = one(files, "AppProject")

    for application in (one(files, "Application", "apps"), one(files, "Application", "projects")):
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


def _assert_allowed(application: dict[str, Any], project: dict[str, Any]) -> None:
    assert application["spec"]["project"] == project["metadata"]["name"]
    assert application["spec"]["source"]["repoURL"] in project["spec"]["sourceRepos"]
    assert application["spec"]["destination"] in project["spec"]["destinations"]
