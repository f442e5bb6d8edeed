"""What is no Kubernetes object finds its service too."""

from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.policies.manifests.reading import read_files, read_folder
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.subjects.artefacts import ArtefactKind, find_artefacts
from tests.scorecards.engine.samples import files_of, objects
from tests.scorecards.engine.test_grouping import component, find, renamed

WORKFLOW = b"on: pull_request\njobs: {}\n"


def workflows_of(files: dict[str, bytes]) -> dict[str, list[str]]:
    found = find(files)
    return {ref: [a.path for a in v.artefacts(ArtefactKind.WORKFLOW)] for ref, v in found.items()}


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        (".github/workflows/ci.yaml", ""),
        ("apps/shop/.github/workflows/ci.yml", "apps/shop"),
        (".gitlab-ci.yml", ""),
    ],
)
def test_a_workflow_is_told_by_its_place(path: str, folder: str) -> None:
    (found,) = find_artefacts(Snapshot({path: WORKFLOW}))
    assert (found.kind, found.path, found.folder) == (ArtefactKind.WORKFLOW, path, folder)


@pytest.mark.parametrize(
    "path", [".github/dependabot.yml", ".github/workflows/old/ci.yml", "workflows/ci.yml"]
)
def test_what_stands_elsewhere_is_no_workflow(path: str) -> None:
    assert list(find_artefacts(Snapshot({path: WORKFLOW}))) == []


def test_terraform_that_makes_a_canary_is_told_by_its_text() -> None:
    canary = b'resource "aws_synthetics_canary" "x" {\n  name = "checkout-journey"\n}\n'
    files = {
        "a/main.tf": canary,
        "b/main.tf": b'resource "aws_s3_bucket" "b" {}\n',
        "c/x.txt": canary,
    }

    (found,) = find_artefacts(Snapshot(files))

    assert (found.kind, found.path, found.name) == (ArtefactKind.TERRAFORM, "a", "checkout-journey")


def test_terraform_that_is_no_text_is_not_passed_over() -> None:
    (found,) = find_artefacts(
        Snapshot({"a/main.tf": b'resource "aws_synthetics_canary" "x" {\xff'})
    )
    assert (found.path, found.name) == ("a", "a")


def test_terraform_only_speaking_of_a_canary_is_none() -> None:
    alarm = b"dimensions = { CanaryName = aws_synthetics_canary.x.name }\n"
    assert list(find_artefacts(Snapshot({"a/main.tf": alarm}))) == []


def test_a_module_that_another_one_calls_is_judged_where_it_is_called() -> None:
    files = {
        "modules/canary/main.tf": b'resource "aws_synthetics_canary" "x" {}\n',
        "modules/both/main.tf": b'module "c" {\n  source = "../canary"\n}\n',
        "live/shop/main.tf": b'module "b" {\n  source = "../../modules/both"\n}\n',
        "live/ledger/main.tf.json": b'{"module": {"c": {"source": "../../modules/canary"}}}',
    }

    found = {artefact.path: artefact.name for artefact in find_artefacts(Snapshot(files))}

    assert found == {"live/shop": "shop", "live/ledger": "ledger"}


def test_a_workflow_is_every_components_below_it() -> None:
    files = {
        "services/checkout/catalog-info.yaml": component("checkout"),
        "services/ledger/catalog-info.yaml": component("ledger"),
        ".github/workflows/ci.yaml": WORKFLOW,
    }

    assert workflows_of(files) == {
        "component:default/checkout": [".github/workflows/ci.yaml"],
        "component:default/ledger": [".github/workflows/ci.yaml"],
    }


def test_without_a_catalogue_it_is_the_only_services() -> None:
    files = files_of(objects("rollout")) | {".github/workflows/ci.yaml": WORKFLOW}

    assert workflows_of(files) == {"Rollout/payments/checkout": [".github/workflows/ci.yaml"]}


def test_among_several_services_it_is_judged_once_under_its_own_name() -> None:
    files = (
        files_of(objects("rollout"))
        | files_of(renamed("ledger", "rollout"), "services/ledger")
        | {".github/workflows/ci.yaml": WORKFLOW, ".github/workflows/sla.yaml": WORKFLOW}
    )

    assert workflows_of(files) == {
        "workflow:.github/workflows/ci.yaml": [
            ".github/workflows/ci.yaml",
            ".github/workflows/sla.yaml",
        ],
        "Rollout/payments/checkout": [],
        "Rollout/payments/ledger": [],
    }


def test_a_folder_with_a_git_is_a_whole_repository(tmp_path: Path) -> None:
    assert not read_folder(tmp_path).whole
    (tmp_path / ".git").mkdir()
    assert read_folder(tmp_path).whole


def test_files_are_a_whole_repository_where_the_reader_says_so() -> None:
    assert not read_files({}).whole
    assert read_files({}, whole=True).whole
