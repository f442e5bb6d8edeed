from __future__ import annotations

import re
from datetime import timedelta
from types import ModuleType

import pytest
import yaml

from flagstone.catalog.engine.reading import read_file
from flagstone.config.demo.gitops import gitops_files, later_commits
from flagstone.config.demo.histories import HISTORIES
from flagstone.config.demo.people import SQUADS
from flagstone.config.demo.services import SERVICES
from flagstone.config.demo.stories import alerts, layouts, pods, releases, traffic
from flagstone.config.demo.systems import DOMAINS, SYSTEMS
from tests.config.demo.rendering import TODAY, render
from tests.scaffolds.rendering import UniqueKeyLoader
from tests.scaffolds.strict_schemas import faults

BROKEN_BY_HISTORY = {"disputes", "partner-gateway"}  # fields that no schema knows
NOT_YAML = {"services/statement-archive/templates/", "services/warehouse-loader/templates/"}


def test_about_forty_services_of_which_a_third_follow_the_paved_path() -> None:
    names = [service.name for service in SERVICES]

    assert len(names) == len(set(names)) == 45
    assert {"checkout", "quote", "funds-transfer"} <= set(names)
    assert set(HISTORIES) <= set(names)
    assert len(names) - len(HISTORIES) == 14


def test_the_tables_agree_with_each_other() -> None:
    names = {service.name for service in SERVICES}

    assert {service.squad for service in SERVICES} == {squad.name for squad in SQUADS}
    assert {service.system for service in SERVICES} == set(SYSTEMS)
    assert {system.domain for system in SYSTEMS.values()} == set(DOMAINS)
    assert {call for service in SERVICES for call in service.calls} <= names
    assert not any(service.name in service.calls for service in SERVICES)


@pytest.mark.parametrize(
    "module", [alerts, layouts, pods, releases, traffic], ids=lambda m: m.__name__
)
def test_every_story_is_told_and_says_how_it_came_about(module: ModuleType) -> None:
    told = {story for history in HISTORIES.values() for story in history.stories}
    stories = {
        value
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and value.__module__ == module.__name__
    }

    assert stories
    assert {story.__name__ for story in stories - told} == set()
    assert all(story.__doc__ for story in stories)


def test_is_the_same_each_time_and_ages_with_the_day(gitops: dict[str, bytes]) -> None:
    tomorrow = gitops_files(render, today=TODAY + timedelta(days=1))
    changed = {path for path, data in gitops.items() if tomorrow[path] != data}

    assert gitops_files(render, today=TODAY) == gitops
    assert tomorrow.keys() == gitops.keys()
    assert {path.rpartition("/")[2] for path in changed} == {"runbook.md"}


def test_every_file_but_the_charts_is_yaml_without_repeated_keys(gitops: dict[str, bytes]) -> None:
    for path, data in gitops.items():
        if path.endswith(".yaml") and not path.startswith(tuple(NOT_YAML)):
            list(yaml.load_all(data, UniqueKeyLoader))


def test_only_the_named_mistakes_break_the_strict_schemas(gitops: dict[str, bytes]) -> None:
    wrong = set()
    for path, data in gitops.items():
        if not path.endswith(".yaml") or path.startswith((".github", *NOT_YAML)):
            continue
        for item in yaml.safe_load_all(data):
            group = item.get("apiVersion", "") if item else ""
            if not group or path.endswith(
                ("catalog-info.yaml", "/Chart.yaml", "overlays/prod/environment.yaml")
            ):
                continue
            if not group.startswith("kustomize.config.k8s.io") and faults(item):
                wrong.add(path.split("/")[1])

    assert wrong == BROKEN_BY_HISTORY


def test_the_catalogue_finds_every_registered_service(gitops: dict[str, bytes]) -> None:
    location = yaml.safe_load(gitops["catalog-info.yaml"])
    entities = {}
    for target in location["spec"]["targets"]:
        (document,) = read_file(target, gitops[target.removeprefix("./")])
        assert document.errors == (), target
        entities[document.name] = document

    names = {service.name for service in SERVICES}
    assert names - set(entities) == {"case-desk"}
    owners = {document.spec_text("owner").rpartition("/")[2] for document in entities.values()}
    assert owners - {squad.name for squad in SQUADS} == {"ml-research"}
    assert {
        document.spec_text("system").rpartition("/")[2] for document in entities.values()
    } == set(SYSTEMS)


def test_every_service_has_an_application_in_a_project_of_the_repository(
    gitops: dict[str, bytes],
) -> None:
    projects = {
        yaml.safe_load(data)["metadata"]["name"]
        for path, data in gitops.items()
        if path.startswith("projects/")
    }

    used = {}
    for service in SERVICES:
        spec = yaml.safe_load(gitops[f"apps/{service.name}.yaml"])["spec"]
        used[service.name] = spec["project"]
        assert any(path.startswith(spec["source"]["path"] + "/") for path in gitops)

    outside = {name for name, project in used.items() if project not in projects}
    assert outside == {"event-relay", "statements", "swift-bridge"}


def test_paved_services_run_their_own_images(gitops: dict[str, bytes]) -> None:
    images = set()
    for service in SERVICES:
        if service.name not in HISTORIES:
            rollout = gitops[f"services/{service.name}/rollout.yaml"].decode()
            (image,) = re.findall(r"^ +image: (\S+)$", rollout, re.MULTILINE)
            assert image.startswith(f"registry.example.com/{service.system}/{service.name}@sha256:")
            images.add(image)

    assert len(images) == 14


def test_a_later_commit_breaks_one_catalogue_file(gitops: dict[str, bytes]) -> None:
    (commit,) = later_commits(gitops)
    ((path, data),) = commit.files.items()

    assert path == "services/sessions/catalog-info.yaml"
    assert read_file(path, gitops[path])[0].errors == ()
    assert any(document.errors for document in read_file(path, data))
