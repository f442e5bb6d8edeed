"""`ci/gate.sh` of a GitOps repository asks a real Flagstone, with a real token, about a real change."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flagstone.accounts.actions import create_token
from tests.forge.repositories import git
from tests.scaffolds.rendering import render
from tests.web import rows

pytestmark = pytest.mark.django_db(transaction=True)
PROBELESS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: payments}
spec: {template: {spec: {containers: [{name: app, image: a}]}}}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for tool in ("jq", "curl"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed, which the script needs where it runs")
    folder = tmp_path / "gitops"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for path, text in render("gitops-repo").items():
        write(folder, path, text)
    write(folder, "services/checkout/catalog-info.yaml", "kind: Component\n")
    write(folder, "services/checkout/service.yaml", "kind: List\n")
    commit(folder)
    return folder


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, "utf-8")


def commit(folder: Path) -> str:
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "change")
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def ask(
    repository: Path, live_server: Any, member: Any
) -> Callable[..., subprocess.CompletedProcess[str]]:
    rows.service("checkout", rows.squad("payments"), score=100, level="gold")
    _, token = create_token(actor=member, user=member, name="ci", scopes=["gate"])

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        base, head = git(repository, "rev-parse", "HEAD").strip(), commit(repository)
        return subprocess.run(
            ["bash", "ci/gate.sh", base, head],
            cwd=repository,
            env=os.environ
            | {"FLAGSTONE_URL": live_server.url, "FLAGSTONE_TOKEN": token}
            | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_denied_manifest_stops_and_says_why(ask: Any, repository: Path) -> None:
    write(repository, "services/checkout/deployment.yaml", PROBELESS)

    done = ask()

    assert done.returncode == 1, done.stdout + done.stderr
    assert "checkout: stop\n" in done.stdout
    assert "services/checkout/deployment.yaml: " in done.stdout


def test_a_change_that_may_pass_with_a_warning_passes(ask: Any, repository: Path) -> None:
    write(repository, "services/checkout/service.yaml", 'kind: List\n# "quoted" $HOME `x`\n')

    done = ask(LABELS='["a label", "b"]')

    assert done.returncode == 0, done.stdout + done.stderr
    assert "checkout: slow\n" in done.stdout


def test_a_large_change_stops(ask: Any, repository: Path) -> None:
    write(repository, "services/checkout/notes.md", "a line\n" * 401)

    done = ask()

    assert done.returncode == 1
    assert "401 lines changed" in done.stdout


def test_new_and_removed_services_pass(ask: Any, repository: Path) -> None:
    write(repository, "services/refunds/catalog-info.yaml", "kind: Component\n")
    shutil.rmtree(repository / "services" / "checkout")

    done = ask()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "checkout: removed\n" in done.stdout
    assert "refunds: not in the catalogue yet" in done.stdout


def test_a_change_of_no_service_asks_nothing(ask: Any, repository: Path) -> None:
    write(repository, "README.md", "changed\n")

    done = ask()

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"FLAGSTONE_TOKEN": "fst_wrong"}, "the gate answered 401"),
        ({"FLAGSTONE_TOKEN": ""}, "the token for the gate is not set"),
        ({"FLAGSTONE_URL": "http://127.0.0.1:1"}, "the gate answered 000"),
    ],
)
def test_without_an_answer_it_fails_and_says_so(
    ask: Any, repository: Path, environment: dict[str, str], said: str
) -> None:
    write(repository, "services/checkout/notes.md", "a line\n")

    done = ask(**environment)

    assert done.returncode == 1
    assert said in done.stderr
